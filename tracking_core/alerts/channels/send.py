"""One message over one channel, whatever its kind."""

import asyncio

import structlog

from tracking_core.alerts.channels import email, slack, webhook
from tracking_core.alerts.channels.notice import Notice
from tracking_core.alerts.channels.target import Target
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import ChannelKind
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome
from tracking_core.settings import Settings

log = structlog.get_logger()
# Above what bounds each channel by itself: only for what hangs where no timeout reaches.
PATIENCE = 2


async def send(
    kind: ChannelKind, target: Target, notice: Notice, settings: Settings, guarded: GuardedClient
) -> Outcome:
    """Never raises: a defect of ours is a failure like any other, and the next message is sent."""
    try:
        async with asyncio.timeout(PATIENCE * settings.notification_timeout_seconds):
            match kind:
                case ChannelKind.EMAIL:
                    return await email.send(target, notice, settings)
                case ChannelKind.WEBHOOK:
                    return await webhook.send(target, notice, guarded)
                case ChannelKind.SLACK:
                    return await slack.send(target, notice, guarded)
    except TimeoutError:
        return Failed(FailureKind.TRANSIENT, "timed_out")
    except Exception as error:
        log.exception("alert_message_crashed", message_id=str(notice.id), error=type(error).__name__)
        return Failed(FailureKind.TRANSIENT, "internal_error")
