"""Channels of a tenant, or with ``tenant_id`` None of the whole hub. Every change leaves an audit entry."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts.channels import sealing
from tracking_core.alerts.channels.errors import ChannelKnown, ChannelsFull
from tracking_core.alerts.channels.standing import drop_waiting
from tracking_core.alerts.channels.target import Target, hint_of, target_for
from tracking_core.audit.service import record
from tracking_core.errors import ConfigurationError, NotFound
from tracking_core.i18n import DEFAULT_LOCALE, LOCALES
from tracking_core.kit.ids import new_id
from tracking_core.models import AlertChannel, AlertMessage, ChannelKind, Severity
from tracking_core.tenants.lookup import get as get_tenant

MOST = 10
# Two who add at once come one after the other, so that both see what there is.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('alert_channels'), hashtext(:whose))")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """``hint`` is all of the address that is shown. ``is_proved``: a message has got through. ``error`` is the code of
    the last failure since then."""

    id: UUID
    tenant_id: UUID | None
    kind: ChannelKind
    hint: str
    min_severity: Severity
    enabled: bool
    is_proved: bool
    last_ok_at: datetime | None
    error: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Added:
    """``secret`` signs what a webhook is sent, and is seen in clear this once; "" for other kinds."""

    channel: ChannelView
    secret: str = field(repr=False)


async def listed(session: AsyncSession, tenant_id: UUID | None) -> list[ChannelView]:
    """Oldest first."""
    return [view_of(row) for row in await _rows(session, tenant_id)]


async def read(session: AsyncSession, tenant_id: UUID | None, channel_id: UUID) -> ChannelView:
    """Raises NotFound, for another tenant's too."""
    return view_of(await row_of(session, tenant_id, channel_id))


async def add(
    session: AsyncSession,
    tenant_id: UUID | None,
    kind: ChannelKind,
    to: str,
    *,
    min_severity: Severity = Severity.TICKET,
    locale: str = DEFAULT_LOCALE,
    trusted_origins: Collection[str] = (),
    actor: str,
) -> Added:
    """It counts as proved once a message got through. Raises EmailMalformed, TargetRefused, ChannelKnown, ChannelsFull
    or NotFound; what was given is in none of them."""
    target = target_for(kind, to, locale if locale in LOCALES else DEFAULT_LOCALE, trusted_origins)
    key = await _key(session, tenant_id)
    await session.execute(_ONE_AT_A_TIME, {"whose": str(tenant_id)})
    rows = await _rows(session, tenant_id)
    _require_new(rows, kind, target, key)
    channel_id = new_id()
    row = AlertChannel(
        id=channel_id,
        tenant_id=tenant_id,
        kind=kind.value,
        target=sealing.seal(target, channel_id, tenant_id, key),
        hint=hint_of(kind, target),
        min_severity=min_severity.value,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    _record(session, row, "alert_channel.added", actor, kind=kind.value, min_severity=min_severity.value)
    return Added(view_of(row), target.secret)


async def change(
    session: AsyncSession,
    tenant_id: UUID | None,
    channel_id: UUID,
    *,
    min_severity: Severity | None = None,
    enabled: bool | None = None,
    actor: str,
) -> ChannelView:
    """What is None stays. Switched off, it is told nothing that waits for it either. Raises NotFound."""
    row = await row_of(session, tenant_id, channel_id, locked=True)
    before = {"min_severity": row.min_severity, "enabled": row.enabled}
    row.min_severity = min_severity.value if min_severity else row.min_severity
    row.enabled = row.enabled if enabled is None else enabled
    await session.flush()
    if not row.enabled:
        await drop_waiting(session, row.id)
    after = {"min_severity": row.min_severity, "enabled": row.enabled}
    changes = {name: {"old": before[name], "new": after[name]} for name in after if before[name] != after[name]}
    if changes:
        _record(session, row, "alert_channel.changed", actor, **changes)
    return view_of(row)


async def remove(session: AsyncSession, tenant_id: UUID | None, channel_id: UUID, *, actor: str) -> None:
    """With what it was told and what waits for it. Raises NotFound."""
    row = await row_of(session, tenant_id, channel_id, locked=True)
    await session.execute(delete(AlertMessage).where(col(AlertMessage.channel_id) == row.id))
    await session.delete(row)
    _record(session, row, "alert_channel.removed", actor, kind=row.kind)
    await session.flush()


async def row_of(
    session: AsyncSession, tenant_id: UUID | None, channel_id: UUID, *, locked: bool = False
) -> AlertChannel:
    """Raises NotFound."""
    row = await session.get(AlertChannel, channel_id, with_for_update=locked or None)
    if row is None or row.tenant_id != tenant_id:
        raise NotFound(what="alert channel")
    return row


async def target_of(session: AsyncSession, row: AlertChannel) -> Target:
    """In clear. Raises ConfigurationError when no key opens it."""
    return sealing.opened(row, await _key(session, row.tenant_id))


async def _rows(session: AsyncSession, tenant_id: UUID | None) -> list[AlertChannel]:
    query = select(AlertChannel).where(AlertChannel.tenant_id == tenant_id)
    return list((await session.scalars(query.order_by(col(AlertChannel.created_at), col(AlertChannel.id)))).all())


async def _key(session: AsyncSession, tenant_id: UUID | None) -> bytes | None:
    return (await get_tenant(session, tenant_id)).wrapped_data_key if tenant_id else None


def _require_new(rows: list[AlertChannel], kind: ChannelKind, target: Target, key: bytes | None) -> None:
    if any(row.kind == kind and _leads_to(row, target.to, key) for row in rows):
        raise ChannelKnown
    if len(rows) >= MOST:
        raise ChannelsFull(most=MOST)


def _leads_to(row: AlertChannel, to: str, key: bytes | None) -> bool:
    try:
        return sealing.opened(row, key).to == to
    except ConfigurationError:
        return False


def _record(session: AsyncSession, row: AlertChannel, action: str, actor: str, **details: object) -> None:
    record(session, actor=actor, action=action, subject=str(row.id), tenant_id=row.tenant_id, **details)


def view_of(row: AlertChannel) -> ChannelView:
    return ChannelView(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=ChannelKind(row.kind),
        hint=row.hint,
        min_severity=Severity(row.min_severity),
        enabled=row.enabled,
        is_proved=row.last_ok_at is not None,
        last_ok_at=row.last_ok_at,
        error=row.last_error,
        created_at=row.created_at,
    )
