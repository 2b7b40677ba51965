"""Make runs: the scheduler's rounds, and those that somebody asks for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.connections.problems import problem
from tracking_core.db import bulk
from tracking_core.errors import Conflict, InvalidRequest
from tracking_core.gateways import registry
from tracking_core.gateways.sales_api import sales_api_of
from tracking_core.kit.ids import new_id
from tracking_core.models import ReconciliationRun, RunKind, RunState
from tracking_core.reconciliation import window
from tracking_core.reconciliation.codes import REFUSALS
from tracking_core.settings import Settings

SCHEDULER = "scheduler"
END_BEFORE_START = "The end must come after the start."
SPAN_TOO_LONG = "At most 80 days can be compared at once."
_PLANNED_AT_ONCE = 1_000
# The endpoints in use whose gateway (one of ``:gateways``) lists its sales to the credentials of the active
# configuration.
ENDPOINTS = """
SELECT e.id, e.tenant_id, e.gateway, e.created_at, s.ref
FROM webhook_endpoints e
JOIN tracking_configurations t ON t.tenant_id = e.tenant_id AND t.state = 'active'
CROSS JOIN LATERAL (
    SELECT p -> 'credentials' ->> 'gateway_client_secret' AS ref FROM jsonb_array_elements(t.spec -> 'endpoints') p
    WHERE p ->> 'endpoint_key' = e.endpoint_key LIMIT 1
) s
WHERE e.disabled_at IS NULL AND e.gateway = ANY(:gateways) AND s.ref IS NOT NULL
"""
_ASKED = text(f"""{ENDPOINTS}
  AND (CAST(:endpoint AS uuid) IS NULL OR e.id = :endpoint) AND (CAST(:tenant AS uuid) IS NULL OR e.tenant_id = :tenant)
ORDER BY e.tenant_id, e.id
""")
# An endpoint without a run of this round or one under way. Credentials that were refused are asked once a day.
_DUE = text(f"""{ENDPOINTS}
  AND e.created_at < :until
  AND NOT EXISTS (SELECT FROM reconciliation_runs r WHERE r.endpoint_id = e.id AND r.kind = :kind
                  AND (r.scheduled_for >= :slot OR r.state IN ('reading', 'comparing')))
  AND NOT (:spares AND coalesce((
    SELECT r.state = 'failed' AND r.code = ANY(:refusals) AND r.credential_ref = s.ref FROM reconciliation_runs r
    WHERE r.endpoint_id = e.id AND r.finished_at IS NOT NULL ORDER BY r.finished_at DESC LIMIT 1
  ), false))
ORDER BY e.id LIMIT :limit
""")  # noqa: S608 - constants
_OPEN = text("""
SELECT id FROM reconciliation_runs
WHERE state IN ('reading', 'comparing') AND due_at <= :now AND (lease_until IS NULL OR lease_until <= :now)
ORDER BY due_at LIMIT 100
""")


class NothingToReconcile(Conflict):
    code = "nothing_to_reconcile"
    message = "No sales platform here lists its sales to us: its credentials come from a setup of the shop."

    def __init__(self) -> None:
        super().__init__(what="", reason="")


async def plan_rounds(session: AsyncSession, now: datetime, settings: Settings) -> list[UUID]:
    """The runs of the rounds that are due, each made once however many schedulers plan. A sale from before the endpoint
    was there is not ours to bring."""
    until = window.whole_minute(now - timedelta(minutes=settings.reconciliation_grace_minutes))
    made: list[UUID] = []
    for kind in (RunKind.HOURLY, RunKind.DAILY):
        begins, slot = window.begins(kind, now), window.slot(kind, now)
        values = {"kind": kind, "slot": slot, "until": until, "spares": kind is RunKind.HOURLY}
        more = {"refusals": list(REFUSALS), "gateways": listing_gateways(settings), "limit": _PLANNED_AT_ONCE}
        due = (await session.execute(_DUE, values | more)).all()
        rows = [
            _row(one, kind, SCHEDULER, max(begins, window.whole_minute(one.created_at)), until, now, slot)
            for one in due
            if window.whole_minute(one.created_at) < until
        ]
        made += [row.id for row in await bulk.insert(session, ReconciliationRun, rows, returning="id")]
    return made


async def ask(
    session: AsyncSession,
    *,
    since: datetime,
    until: datetime,
    actor: str,
    now: datetime,
    settings: Settings,
    tenant_id: UUID | None = None,
    endpoint_id: UUID | None = None,
) -> list[UUID]:
    """A run for each endpoint meant, over the time that is past. Raises InvalidRequest, NothingToReconcile."""
    since, until = window.whole_minute(since), window.whole_minute(min(until, now))
    if since >= until:
        raise InvalidRequest([problem("until", END_BEFORE_START)])
    if until - since > window.SPAN_MAX:
        raise InvalidRequest([problem("since", SPAN_TOO_LONG)])
    values = {"endpoint": endpoint_id, "tenant": tenant_id, "gateways": listing_gateways(settings)}
    found = (await session.execute(_ASKED, values)).all()
    if not found:
        raise NothingToReconcile
    rows = [_row(one, RunKind.ASKED, actor, since, until, now, None) for one in found]
    await bulk.insert(session, ReconciliationRun, rows)
    for row in rows:
        subject, tenant = str(row["id"]), row["tenant_id"]
        record(session, actor=actor, action="reconciliation.asked", subject=subject, tenant_id=tenant)
    return [row["id"] for row in rows]


async def due_runs(session: AsyncSession, now: datetime) -> Sequence[UUID]:
    """Those with work to do that nobody is at, longest due first."""
    return (await session.execute(_OPEN, {"now": now})).scalars().all()


def _row(
    one: Row[Any],
    kind: RunKind,
    actor: str,
    since: datetime,
    until: datetime,
    now: datetime,
    scheduled_for: datetime | None,
) -> dict[str, Any]:
    made = ReconciliationRun(
        id=new_id(),
        tenant_id=one.tenant_id,
        endpoint_id=one.id,
        gateway=one.gateway,
        kind=kind,
        actor=actor,
        since=since,
        until=until,
        scheduled_for=scheduled_for,
        state=RunState.READING,
        credential_ref=one.ref,
        due_at=now,
        created_at=now,
    )
    return made.model_dump()


def listing_gateways(settings: Settings) -> list[str]:
    """Those whose list of sales can be read."""
    return [name for name in registry.names() if sales_api_of(name, settings) is not None]
