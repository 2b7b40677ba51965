"""Send what is due until nothing is. Each channel is a stream of its own: one that hangs holds up no other.

At least once: a crash after the send makes it again, and ids that stay the same (Message-ID, ``webhook-id``,
``source_id``) let the other side know it.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.logging import lines_about
from tracking_core.notifications import settle
from tracking_core.notifications.channels import chatwoot, email, webhook
from tracking_core.notifications.channels.configured import is_configured
from tracking_core.notifications.kinds import Channel, Failed, FailureKind, Outcome, Sent
from tracking_core.notifications.lease import lease
from tracking_core.notifications.message import Message
from tracking_core.settings import Settings

log = structlog.get_logger()
_SENDERS: dict[Channel, Callable[[Message, Settings], Awaitable[Outcome]]] = {
    Channel.EMAIL: email.send,
    Channel.WEBHOOK: webhook.send,
    Channel.CHATWOOT: chatwoot.send,
}
_AT_ONCE = 4
# A conversation takes several calls; past three times one call's patience, what is left is for the next try.
_PATIENCE = 3
_MARGIN_SECONDS = 30.0


async def drain_notifications(settings: Settings) -> None:
    """A channel that breaks ends none of the others, least of all in the middle of a send."""
    ended = await asyncio.gather(*(_drain(channel, settings) for channel in Channel), return_exceptions=True)
    for channel, error in zip(Channel, ended, strict=True):
        if error is not None:
            name = type(error).__name__
            log.error("notification_channel_broken", channel=channel.value, error=name, exc_info=error)


async def _drain(channel: Channel, settings: Settings) -> None:
    while messages := await _next(channel, settings):
        await asyncio.gather(*(_sent(message, settings) for message in messages))


async def _next(channel: Channel, settings: Settings) -> list[Message]:
    seconds = _PATIENCE * settings.notification_timeout_seconds + _MARGIN_SECONDS
    async with transaction() as session:
        return await lease(session, channel, clock.now(), seconds=seconds, limit=_AT_ONCE)


async def _sent(message: Message, settings: Settings) -> None:
    """One that breaks ends none of the others. A task of its own: its lines say whose case it is."""
    lines_about(message.tenant_id, message.session_id)
    try:
        await _send(message, settings)
    except Exception as error:
        log.exception("notification_not_settled", notification_id=str(message.id), error=type(error).__name__)


async def _send(message: Message, settings: Settings) -> None:
    outcome = await _outcome(message, settings)
    async with transaction() as session:
        if isinstance(outcome, Sent):
            await settle.sent(session, message, outcome, clock.now())
        else:
            await settle.failed(session, message, outcome, clock.now(), settings)


async def _outcome(message: Message, settings: Settings) -> Outcome:
    if not is_configured(message.channel, settings):
        return Failed(FailureKind.MISCONFIGURED, "not_configured")
    try:
        async with asyncio.timeout(_PATIENCE * settings.notification_timeout_seconds):
            return await _SENDERS[message.channel](message, settings)
    except TimeoutError:
        return Failed(FailureKind.TRANSIENT, "timed_out")
    except Exception as error:
        # A defect of ours in one case: the others are sent, and this one is told of like any that does not arrive.
        log.exception("notification_crashed", notification_id=str(message.id), error=type(error).__name__)
        return Failed(FailureKind.TRANSIENT, "internal_error")
