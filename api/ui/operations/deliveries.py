"""What is on its way to Meta, and what did not arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.deps import SessionDep
from api.operations_tables import deliveries_table, file_of
from api.routes.operations_queries import DeadLettersQuery, DeliveriesQuery, TimedQuery
from api.ui.operations.faces import Console, ConsoleDep
from api.ui.operations.forms import Form
from api.ui.operations.showing import show
from tracking_core.delivery.replay_selection import ReplayFilter
from tracking_core.errors import InvalidRequest
from tracking_core.models import DeliveryState
from tracking_core.reporting import connections, csv, deliveries
from tracking_core.reporting.deliveries import DeliveryRow, DeliverySearch, ReasonCount
from tracking_core.reporting.pages import Page, Place

router = APIRouter()
_CHOICES = 50


class LettersQuery(TimedQuery):
    """Just what a replay can be narrowed by, so that what is listed is what is sent again. Made-up sales of checks are
    among the dead and are replayed with them."""

    connection_id: UUID | None = None
    reason: Annotated[str, Field(max_length=100, pattern=r"^[\w:/ -]+$")] | None = None

    @property
    def search(self) -> DeliverySearch:
        return DeliverySearch(
            state=DeliveryState.DEAD,
            connection_id=self.connection_id,
            reason=self.reason,
            period=self.period,
            include_synthetic=True,
        )

    @property
    def filter(self) -> ReplayFilter:
        return ReplayFilter.model_validate(self.model_dump(include=set(ReplayFilter.model_fields)))


@dataclass(frozen=True, slots=True)
class Found:
    """``reasons`` are of the first page alone. ``cut_at``: after how many of them a file ends."""

    page: Page[DeliveryRow]
    reasons: Sequence[ReasonCount]
    cut_at: int | None


@router.get("/deliveries")
async def list_deliveries(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    form, found = Form(dict(request.query_params), console.who.locale), None
    with form.checked():
        found = await _found(session, console, form.read(DeliveriesQuery))
    return show("deliveries", console, form=form, found=found, states=DeliveryState)


@router.get("/deliveries.csv")
async def export_deliveries(console: ConsoleDep, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        return file_of(
            deliveries_table(deliveries.TABLE, console.scope, form.read(DeliveriesQuery)),
            console.scope,
            session,
            actor=console.actor,
            locale=console.who.locale,
            is_sheet=True,
        )
    raise InvalidRequest([])


@router.get("/dead-letters")
async def list_dead_letters(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    """With why each died, and whether it may be sent again."""
    form, found = Form(dict(request.query_params), console.who.locale), None
    with form.checked():
        found = await _found(session, console, form.read(LettersQuery))
    choices = await choices_of(session, console)
    return show("dead_letters", console, form=form, found=found, choices=choices)


@router.get("/dead-letters.csv")
async def export_dead_letters(console: ConsoleDep, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        asked = form.read(LettersQuery)
        return file_of(
            deliveries_table(deliveries.DEAD_TABLE, console.scope, asked),
            console.scope,
            session,
            actor=console.actor,
            locale=console.who.locale,
            is_sheet=True,
        )
    raise InvalidRequest([])


async def choices_of(session: AsyncSession, console: Console) -> Sequence[tuple[str, str]]:
    """The connections a filter offers: id and dataset."""
    place = Place(connections.TABLE, limit=_CHOICES)
    page = await connections.health(session, console.scope, place, slots=0)
    return [(str(row.id), row.dataset_id) for row in page.items]


async def _found(session: AsyncSession, console: Console, asked: DeadLettersQuery | LettersQuery) -> Found:
    name = deliveries.DEAD_TABLE if isinstance(asked, LettersQuery) else deliveries.TABLE
    table = deliveries_table(name, console.scope, asked)
    page = await table.read(session, asked.place(name))
    reasons = [] if asked.cursor else await deliveries.by_reason(session, console.scope, asked.search)
    return Found(page, reasons, await csv.cut_at(session, table, page))
