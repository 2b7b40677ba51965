"""``GET /api/v1/operations/retention``: how long each kind of data is kept, and what its runs did."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.deps import SessionDep
from api.staff import StaffDep
from tracking_core.kit import clock
from tracking_core.models import RetentionRun
from tracking_core.retention.kinds import Kind
from tracking_core.retention.status import KindStatus, overview, runs

router = APIRouter(prefix="/api/v1/operations/retention", tags=["operations"])


@router.get("")
async def read_retention(_staff: StaffDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Every kind: what is past due waits for its next run. Counts end at 100,000 (``is_more``)."""
    found = await overview(session, request.app.state.settings, clock.now())
    return {"kinds": [told(one) for one in found]}


@router.get("/runs")
async def read_runs(
    _staff: StaffDep, session: SessionDep, kind: Kind | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """The record, newest first."""
    return {"items": [run_told(row) for row in await runs(session, kind=kind, limit=limit)]}


def told(one: KindStatus) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "effect": one.effect,
        "days": one.days,
        "cutoff": one.cutoff,
        "past_due": one.past_due,
        "past_due_partitions": one.past_due_partitions,
        "is_more": one.is_more,
        "is_running": one.is_running,
        "last_run": run_told(one.last) if one.last else None,
    }


def run_told(row: RetentionRun) -> dict[str, Any]:
    return row.model_dump(mode="json")
