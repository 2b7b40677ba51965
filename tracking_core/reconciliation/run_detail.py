"""One run with what it took in, and how its time compares now."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import RunState
from tracking_core.reconciliation import renewals
from tracking_core.reconciliation.compare import Line, Span, compare
from tracking_core.reconciliation.renewals import Renewals
from tracking_core.reconciliation.report import Told, tell
from tracking_core.reconciliation.runs import RunRow, TakenIn, find_run, taken_in
from tracking_core.reporting.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """``lines`` and ``differences`` are None until the whole list was read; ``differing`` counts all of those.
    ``renewals`` is None where the gateway's list tells them."""

    run: RunRow
    taken_in: tuple[TakenIn, ...]
    renewals: Renewals | None
    lines: tuple[Line, ...] | None
    differences: tuple[Told, ...] | None
    differing: int | None


async def detail(session: AsyncSession, scope: Scope, run_id: UUID) -> RunDetail:
    """Raises NotFound, for another tenant's too."""
    run = await find_run(session, scope, run_id)
    items = await taken_in(session, run_id)
    told = await renewals.counted(session, run_id, run.gateway)
    if run.state != RunState.DONE:
        return RunDetail(run=run, taken_in=items, renewals=told, lines=None, differences=None, differing=None)
    span = Span(0, run.tenant_id, run.endpoint_id, run.gateway, run.created_at, run.since, run.until)
    found = (await compare(session, [span]))[0]
    return RunDetail(
        run=run,
        taken_in=items,
        renewals=told,
        lines=found.lines,
        differences=tell(found.differences),
        differing=found.differing,
    )
