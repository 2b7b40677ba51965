"""Send what is due until nothing is. Each channel is a stream of its own: one that hangs holds up no other.

At least once: a crash after the send makes it again, and ids that stay the same (Message-ID, ``webhook-id``) let the
other side know it.
"""

import asyncio
from uuid import UUID

import structlog

from tracking_core.alerts import message_settle
from tracking_core.alerts.channels.posting import guarded_client
from tracking_core.alerts.channels.send import PATIENCE, send
from tracking_core.alerts.message_lease import Leased, due_channels, lease
from tracking_core.alerts.wording import notice_of
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.logging import lines_about
from tracking_core.models import AlertMessageKind, AlertState, ChannelKind
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome, Sent
from tracking_core.settings import Settings

log = structlog.get_logger()
_MARGIN_SECONDS = 30.0


async def drain_alerts(settings: Settings, *, guarded: GuardedClient | None = None) -> None:
    """All that is due now, over every channel."""
    async with transaction() as session:
        channels = await due_channels(session, clock.now())
    drains = (drain_channel(channel_id, settings, guarded=guarded) for channel_id in channels)
    ended = await asyncio.gather(*drains, return_exceptions=True)
    for channel_id, error in zip(channels, ended, strict=True):
        if error is not None:
            name = type(error).__name__
            log.error("alert_channel_broken", channel_id=str(channel_id), error=name, exc_info=error)


async def drain_channel(channel_id: UUID, settings: Settings, *, guarded: GuardedClient | None = None) -> None:
    """Oldest first, one after the other, as receivers want it."""
    client = guarded or guarded_client(settings)
    while leased := await _next(channel_id, settings):
        await _tell(leased, settings, client)


async def _next(channel_id: UUID, settings: Settings) -> Leased | None:
    seconds = PATIENCE * settings.notification_timeout_seconds + _MARGIN_SECONDS
    async with transaction() as session:
        leased = await lease(session, channel_id, clock.now(), seconds=seconds)
    if leased is not None:
        lines_about(leased.channel.tenant_id)
    return leased


async def _tell(leased: Leased, settings: Settings, client: GuardedClient) -> None:
    outcome = None if _is_over(leased) else await _outcome(leased, settings, client)
    async with transaction() as session:
        if outcome is None:
            await message_settle.superseded(session, leased)
        elif isinstance(outcome, Sent):
            await message_settle.sent(session, leased, clock.now())
        else:
            await message_settle.failed(session, leased, outcome, clock.now())


async def _outcome(leased: Leased, settings: Settings, client: GuardedClient) -> Outcome:
    if leased.target is None:
        return Failed(FailureKind.MISCONFIGURED, "not_opened")
    notice = notice_of(leased, leased.target.locale, settings.base_url, clock.now())
    return await send(ChannelKind(leased.channel.kind), leased.target, notice, settings, client)


def _is_over(leased: Leased) -> bool:
    """A reminder of what has ended reminds of nothing."""
    return leased.message.kind == AlertMessageKind.REMINDER and leased.alert.state != AlertState.OPEN
