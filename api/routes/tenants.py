"""``/api/v1/operations/tenants``: every shop by its name, with what needs somebody."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from api.deps import SessionDep
from api.operators import OperatorDep
from api.routes.operations_queries import Word
from tracking_core.kit import clock
from tracking_core.reporting.directory import tenants_named
from tracking_core.reporting.pages import PAGE_MAX
from tracking_core.tenants import service as tenants

router = APIRouter(prefix="/api/v1/operations/tenants", tags=["operations"])


@router.get("")
async def list_tenants(
    _operator: OperatorDep,
    session: SessionDep,
    named: Annotated[Word, Query()] = "",
    days: Annotated[int, Query(ge=1, le=365)] = 30,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> dict[str, Any]:
    """In the order of names; ``named`` is a part of the name, ``after`` the ``next`` of the page before. ``sales`` are
    those of the last ``days``; the rest is as it stands, ``dead`` the dead letters that may still be sent again."""
    seen = await tenants.get(session, after) if after else None
    place = (seen.name, seen.id) if seen else None
    since = clock.now() - timedelta(days=days)
    rows = await tenants_named(session, named, since=since, limit=limit + 1, after=place)
    return {"items": [asdict(row) for row in rows[:limit]], "next": rows[limit - 1].id if len(rows) > limit else None}
