"""Alerts as they are shown: what is open, and what was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.errors import NotFound
from tracking_core.models import AlertState, Severity
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import Scope, Where
from tracking_core.reporting.sentences import Sentence

TABLE = "alerts"
# Of a gateway that was never heard of nothing is usual.
NEVER_HEARD = "The gateway has sales, and no webhook of it has ever arrived."
SENTENCES = (NEVER_HEARD,)
_ROWS = """
SELECT a.*, t.name AS tenant_name, coalesce(k.dataset_id, e.gateway) AS scope_name
FROM (SELECT *, opened_at AS created_at FROM alerts) a LEFT JOIN tenants t ON t.id = a.tenant_id
LEFT JOIN meta_connections k ON k.tenant_id = a.tenant_id AND CAST(k.id AS text) = a.scope
LEFT JOIN webhook_endpoints e ON e.tenant_id = a.tenant_id AND CAST(e.id AS text) = a.scope
WHERE {where} {order}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """``tenant_id`` None: of the whole hub. ``scope`` is what it is about and ``scope_name`` what people call that: a
    dataset's number, a gateway, a queue. ``silenced_until`` is in the future while nobody is told of it."""

    id: UUID
    tenant_id: UUID | None
    tenant_name: str | None
    objective: Code
    scope: str
    scope_name: str
    severity: Severity
    state: AlertState
    openings: int
    opened_at: datetime
    last_seen_at: datetime
    recovered_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    silenced_until: datetime | None
    facts: Mapping[str, float]
    sentence: Sentence
    advice: Sentence


async def open_alerts(session: AsyncSession, scope: Scope, *, objective: Code | None = None) -> list[AlertView]:
    """All that are open, pages first, the newest first of each. ``EVERYONE``: of all tenants and of the hub."""
    where = Where(["a.state = 'open'"])
    where.scope("a.tenant_id", scope)
    where.given("a.objective = :objective", objective=objective.value if objective else None)
    order = "ORDER BY a.severity = 'page' DESC, a.opened_at DESC, a.id DESC"
    rows = await session.execute(text(_ROWS.format(where=where.text, order=order)), where.values)
    return [_view(row) for row in rows]


async def list_alerts(
    session: AsyncSession, scope: Scope, place: Place, *, state: AlertState | None = None, objective: Code | None = None
) -> Page[AlertView]:
    """By when they opened, newest first. Raises InvalidRequest for a cursor that is not of this table."""
    where = Where()
    where.scope("a.tenant_id", scope)
    where.given("a.state = :state", state=state.value if state else None)
    where.given("a.objective = :objective", objective=objective.value if objective else None)
    place.after(where, "a")
    query = _ROWS.format(where=where.text, order=newest_first("a"))
    rows = (await session.execute(text(query), where.values)).all()
    return place.page(rows, _view)


async def alert(session: AsyncSession, scope: Scope, alert_id: UUID) -> AlertView:
    """Raises NotFound, for another tenant's too."""
    where = Where(["a.id = :id"], {"id": alert_id})
    where.scope("a.tenant_id", scope)
    row = (await session.execute(text(_ROWS.format(where=where.text, order="")), where.values)).first()
    if row is None:
        raise NotFound(what="alert")
    return _view(row)


def _is_never_heard(row: Row[Any]) -> bool:
    return row.objective == Code.GATEWAY_SILENT and "listed" in row.facts


def _view(row: Row[Any]) -> AlertView:
    objective = OBJECTIVES[Code(row.objective)]
    return AlertView(
        id=row.id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        objective=objective.code,
        scope=row.scope,
        scope_name=row.scope_name or row.scope,
        severity=Severity(row.severity),
        state=AlertState(row.state),
        openings=row.openings,
        opened_at=row.opened_at,
        last_seen_at=row.last_seen_at,
        recovered_at=row.recovered_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
        silenced_until=row.silenced_until,
        facts=row.facts,
        sentence=Sentence(NEVER_HEARD if _is_never_heard(row) else objective.broken),
        advice=Sentence(objective.advice),
    )
