"""Take one due message of one channel for a while: nobody else sends it meanwhile, and a lost worker's is taken again.

Of one alert and channel only the oldest that waits is due, so that nobody hears of an end before the beginning.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.channels import sealing
from tracking_core.alerts.channels.target import Target
from tracking_core.alerts.listing import AlertView
from tracking_core.alerts.listing import alert as read_alert
from tracking_core.errors import ConfigurationError
from tracking_core.models import AlertChannel, AlertMessage, Tenant
from tracking_core.reporting.scope import EVERYONE

DUE = """
    m.state = 'waiting' AND m.due_at <= :now AND coalesce(m.lease_until, :now) <= :now
    AND EXISTS (SELECT FROM alert_channels c WHERE c.id = m.channel_id AND c.enabled)
    AND NOT EXISTS (SELECT FROM alert_messages e WHERE e.alert_id = m.alert_id AND e.channel_id = m.channel_id
                    AND e.state = 'waiting' AND (e.created_at, e.id) < (m.created_at, m.id))
"""
_DUE_CHANNELS = text(f"SELECT DISTINCT m.channel_id FROM alert_messages m WHERE {DUE}")  # noqa: S608 - a constant
_LEASE = text(f"""
WITH due AS (
    SELECT m.id FROM alert_messages m WHERE m.channel_id = :channel AND {DUE}
    ORDER BY m.due_at, m.created_at, m.id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE alert_messages m SET lease_until = :until, attempts = m.attempts + 1 FROM due WHERE m.id = due.id
RETURNING m.id
""")  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A message and what its text is made from. ``target`` None: no key opens it."""

    message: AlertMessage
    alert: AlertView
    channel: AlertChannel
    target: Target | None = field(repr=False)


async def due_channels(session: AsyncSession, now: datetime) -> list[UUID]:
    """Those that have something to be sent."""
    return list((await session.execute(_DUE_CHANNELS, {"now": now})).scalars())


async def lease(session: AsyncSession, channel_id: UUID, now: datetime, *, seconds: float) -> Leased | None:
    """The try counts from here."""
    values = {"channel": channel_id, "now": now, "until": now + timedelta(seconds=seconds)}
    found = (await session.execute(_LEASE, values)).scalar()
    if found is None:
        return None
    message = await session.get_one(AlertMessage, found, populate_existing=True)
    channel = await session.get_one(AlertChannel, message.channel_id)
    alert = await read_alert(session, EVERYONE, message.alert_id)
    return Leased(message=message, alert=alert, channel=channel, target=await _target(session, channel))


async def _target(session: AsyncSession, channel: AlertChannel) -> Target | None:
    owner = await session.get(Tenant, channel.tenant_id) if channel.tenant_id else None
    try:
        return sealing.opened(channel, owner.wrapped_data_key if owner else None)
    except ConfigurationError:
        return None
