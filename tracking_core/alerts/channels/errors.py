"""What somebody who sets up a channel can meet."""

from tracking_core.errors import Conflict, HubError, RateLimited


class TargetRefused(HubError):
    status = 422
    code = "alert_channel_target_refused"
    message = "Messages cannot be sent to this address. It must begin with https:// and lead to a public server."


class ChannelKnown(Conflict):
    code = "alert_channel_known"
    message = "Alerts are sent to this address already."


class ChannelsFull(Conflict):
    code = "alert_channels_full"
    message = "No more than {most} channels. Remove one first."


class TooManyTests(RateLimited):
    code = "alert_channel_tests_too_often"
    message = "Too many test messages. Try again in {retry_after_seconds} s."
