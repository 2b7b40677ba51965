"""Which channels the operator configured; an empty address means: not this one."""

from tracking_core.notifications.kinds import Channel
from tracking_core.settings import Settings


def is_configured(channel: Channel, settings: Settings) -> bool:
    match channel:
        case Channel.EMAIL:
            return bool(settings.smtp_host and settings.support_email_from and settings.support_email_to)
        case Channel.WEBHOOK:
            return bool(settings.support_webhook_url and settings.support_webhook_secret.get_secret_value())
        case Channel.CHATWOOT:
            ids = settings.chatwoot_account_id and settings.chatwoot_inbox_id
            return bool(settings.chatwoot_url and ids and settings.chatwoot_token.get_secret_value())


def configured(settings: Settings) -> list[Channel]:
    return [channel for channel in Channel if is_configured(channel, settings)]
