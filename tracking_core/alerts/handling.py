"""What people do about alerts: acknowledge one, and silence what they know will break."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts.errors import SilencesFull
from tracking_core.alerts.listing import AlertView, alert
from tracking_core.alerts.registry import Code
from tracking_core.audit.service import record
from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.models import Alert, AlertSilence, AlertState
from tracking_core.reporting.scope import END_BEFORE_START, Scope
from tracking_core.tenants.lookup import get

SILENCE_DAYS_MAX = 31
# Of a tenant, or of the hub.
SILENCES_MOST = 50
TOO_LONG = "A silence may last 31 days at most."
# Two who silence at once come one after the other, so that both see what there is.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('alert_silences'), hashtext(:whose))")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """``tenant_id`` None: of everything; ``objective`` None: of every objective."""

    id: UUID
    tenant_id: UUID | None
    objective: Code | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_by: str


async def acknowledge(session: AsyncSession, scope: Scope, alert_id: UUID, *, actor: str, now: datetime) -> AlertView:
    """Somebody is on it: no reminder follows. Who was first stays. Raises NotFound, for another tenant's too."""
    seen = await alert(session, scope, alert_id)
    taken = await session.execute(
        update(Alert)
        .where(col(Alert.id) == alert_id, col(Alert.acknowledged_at).is_(None), col(Alert.state) == AlertState.OPEN)
        .values(acknowledged_by=actor, acknowledged_at=now)
    )
    if taken.rowcount:  # type: ignore[attr-defined]
        record(session, actor=actor, action="alert.acknowledged", subject=str(alert_id), tenant_id=seen.tenant_id)
    return await alert(session, scope, alert_id)


async def silence(
    session: AsyncSession,
    *,
    tenant_id: UUID | None,
    objective: Code | None,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: str,
    now: datetime,
) -> SilenceView:
    """Tell nobody of what opens between the two; what is still open at the end is told then. Alerts that are open now
    remind nobody meanwhile. Raises NotFound for the tenant, InvalidRequest for the times, SilencesFull."""
    if tenant_id is not None:
        await get(session, tenant_id)
    if ends_at <= max(starts_at, now):
        raise InvalidRequest([problem("ends_at", END_BEFORE_START)])
    if (ends_at - starts_at).days >= SILENCE_DAYS_MAX:
        raise InvalidRequest([problem("ends_at", TOO_LONG)])
    await _require_room(session, tenant_id, now)
    row = AlertSilence(
        tenant_id=tenant_id,
        objective=objective.value if objective else None,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        created_by=actor,
    )
    session.add(row)
    named = {"objective": row.objective or "", "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    record(session, actor=actor, action="alerts.silenced", subject=str(row.id), tenant_id=tenant_id, **named)
    await session.flush()
    return _view(row)


async def _require_room(session: AsyncSession, tenant_id: UUID | None, now: datetime) -> None:
    """For one more that lasts or is to come."""
    await session.execute(_ONE_AT_A_TIME, {"whose": str(tenant_id)})
    query = select(func.count()).where(AlertSilence.tenant_id == tenant_id, AlertSilence.ends_at > now)
    if (await session.scalars(query)).one() >= SILENCES_MOST:
        raise SilencesFull(most=SILENCES_MOST)


async def end_silence(
    session: AsyncSession, scope: Scope, silence_id: UUID, *, actor: str, now: datetime
) -> SilenceView:
    """At once. Raises NotFound, for one that is not the scope's own too."""
    query = select(AlertSilence).where(AlertSilence.id == silence_id).with_for_update()
    row = (await session.scalars(query)).first()
    if row is None or (scope.tenant_id is not None and row.tenant_id != scope.tenant_id):
        raise NotFound(what="silence")
    if row.ends_at > now:
        row.ends_at, row.starts_at = now, min(row.starts_at, now)
        record(session, actor=actor, action="alerts.silence_ended", subject=str(row.id), tenant_id=row.tenant_id)
    await session.flush()
    return _view(row)


async def silences(session: AsyncSession, scope: Scope, now: datetime) -> list[SilenceView]:
    """Those that last or are to come; of a tenant, its own and those of everything."""
    query = select(AlertSilence).where(AlertSilence.ends_at > now)
    if scope.tenant_id is not None:
        whose = col(AlertSilence.tenant_id)
        query = query.where(or_(whose == scope.tenant_id, whose.is_(None)))
    rows = (await session.scalars(query.order_by(col(AlertSilence.starts_at), col(AlertSilence.id)))).all()
    return [_view(row) for row in rows]


async def active(session: AsyncSession, now: datetime) -> list[AlertSilence]:
    lasting = and_(col(AlertSilence.starts_at) <= now, col(AlertSilence.ends_at) > now)
    return list((await session.scalars(select(AlertSilence).where(lasting))).all())


def silenced_until(silences: list[AlertSilence], tenant_id: UUID | None, objective: str) -> datetime | None:
    """The end of the longest that covers it; None when nobody silenced it. A tenant's silence covers nothing of the
    hub's."""
    covering = [
        one.ends_at for one in silences if one.tenant_id in (None, tenant_id) and one.objective in (None, objective)
    ]
    return max(covering, default=None)


def _view(row: AlertSilence) -> SilenceView:
    return SilenceView(
        id=row.id,
        tenant_id=row.tenant_id,
        objective=Code(row.objective) if row.objective else None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        created_by=row.created_by,
    )
