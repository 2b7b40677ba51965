"""Runs to look at: newest first, and one with the items it took in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import NotFound
from tracking_core.gateways.sales_api import sales_api_of
from tracking_core.models import BackfillReason, ReconciliationRun, RunKind, RunState
from tracking_core.reconciliation.codes import meaning_of
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import Scope, Where
from tracking_core.reporting.sentences import Sentence, of
from tracking_core.settings import get_settings

TABLE = "reconciliation_runs"
ITEMS_MAX = 200
_ROWS = """
SELECT r.*, t.name AS tenant_name FROM reconciliation_runs r JOIN tenants t ON t.id = r.tenant_id
WHERE {known} {order}
"""
_ITEMS = text("""
SELECT b.webhook_id, b.reason, b.sale_id, b.problem, b.created_at, c.id AS conversion_id, c.status,
    c.decision, c.decision_reason
FROM backfilled_items b LEFT JOIN conversions c ON c.endpoint_id = b.endpoint_id AND c.sale_id = b.sale_id
WHERE b.run_id = :run ORDER BY b.created_at, b.webhook_id LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """``explanation`` says what stopped it, or what it waits for; ``totals`` are the run's own, amounts as text."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    endpoint_id: UUID
    gateway: str
    kind: RunKind
    since: datetime
    until: datetime
    state: RunState
    due_at: datetime
    code: str | None
    explanation: Sentence | None
    recommendation: Sentence | None
    pages: int
    found: int
    known: int
    missing: int
    recovered: int
    changed: int
    unreadable: int
    differences: int | None
    totals: list[dict[str, Any]]
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_equal(self) -> bool | None:
        """None until it is known."""
        return None if self.differences is None else self.differences == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """An item that no webhook had brought, and what came of it; ``problem`` of one that is unreadable."""

    webhook_id: UUID
    reason: BackfillReason
    sale_id: str | None
    problem: str | None
    created_at: datetime
    conversion_id: UUID | None
    status: str | None
    decision: str | None
    decision_reason: str | None


async def list_runs(
    session: AsyncSession, scope: Scope, place: Place, *, endpoint_id: UUID | None = None
) -> Page[RunRow]:
    """Raises InvalidRequest for a cursor that is not of this table."""
    known = Where()
    known.scope("r.tenant_id", scope)
    known.given("r.endpoint_id = :endpoint", endpoint=endpoint_id)
    place.after(known, "r")
    query = _ROWS.format(known=known.text, order=newest_first("r"))
    return place.page((await session.execute(text(query), known.values)).all(), _row)


async def find_run(session: AsyncSession, scope: Scope, run_id: UUID) -> RunRow:
    """Raises NotFound, for another tenant's too."""
    known = Where(["r.id = :id"], {"id": run_id})
    known.scope("r.tenant_id", scope)
    found = (await session.execute(text(_ROWS.format(known=known.text, order="")), known.values)).first()
    if found is None:
        raise NotFound(what="reconciliation")
    return _row(found)


async def taken_in(session: AsyncSession, run_id: UUID) -> tuple[TakenIn, ...]:
    """At most ITEMS_MAX, in the order in which they were found."""
    rows = await session.execute(_ITEMS, {"run": run_id, "limit": ITEMS_MAX})
    return tuple(TakenIn(**{**row, "reason": BackfillReason(row["reason"])}) for row in rows.mappings())


def _row(row: Row[Any]) -> RunRow:
    said = {name: value for name, value in row._mapping.items() if name in RunRow.__dataclass_fields__}
    explanation, recommendation = _told(row)
    kinds = {"kind": RunKind(row.kind), "state": RunState(row.state)}
    return RunRow(**{**said, **kinds, "explanation": explanation, "recommendation": recommendation})


def _told(row: Row[Any]) -> tuple[Sentence | None, Sentence | None]:
    meaning = meaning_of(row.code) if row.code else None
    if meaning is None:
        return None, None
    api = sales_api_of(row.gateway, get_settings())
    params = api.panel.params(permission="sales", field="client ID") if api else {"gateway": row.gateway}
    recommendation = of(meaning.recommendation, **params) if meaning.recommendation else None
    return of(meaning.message, **params), recommendation


def is_open(run: ReconciliationRun | RunRow) -> bool:
    return run.state in (RunState.READING, RunState.COMPARING)
