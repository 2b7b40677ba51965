"""The ledger of sales, and one sale hop by hop."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.deps import SessionDep
from api.operations_tables import file_of, sales_table
from api.routes.operations_queries import SalesQuery
from api.ui.operations.faces import Console, ConsoleDep
from api.ui.operations.forms import Form, guessed
from api.ui.operations.showing import show
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.gateways import registry
from tracking_core.ledger.read import LedgerState
from tracking_core.reporting import csv, sales
from tracking_core.reporting.csv import Table
from tracking_core.reporting.explained import explain
from tracking_core.reporting.in_time import UNCOUNTED, in_time
from tracking_core.reporting.pages import Page

ledger = APIRouter()
files = APIRouter()


@dataclass(frozen=True, slots=True)
class Found:
    """``totals`` are of the first page alone, and None there too when ``is_uncounted``; ``form`` says what the search
    box turned out to be. ``cut_at``: after how many of them a file ends."""

    page: Page[sales.SaleRow]
    totals: dict[LedgerState, int] | None
    form: Form
    is_uncounted: bool
    cut_at: int | None


@ledger.get("")
async def list_sales(console: ConsoleDep, session: SessionDep, request: Request) -> Response:
    """Newest first, by whatever is known of a sale."""
    form = Form(dict(request.query_params), console.who.locale)
    found = None
    with form.checked():
        found = await _found(session, console, form)
    gateways = [(name, name.capitalize()) for name in registry.names()]
    return show("sales", console, form=form, found=found, gateways=gateways, uncounted=UNCOUNTED)


@files.get("/sales.csv")
async def export_sales(console: ConsoleDep, session: SessionDep, request: Request) -> StreamingResponse:
    form = Form(dict(request.query_params), console.who.locale)
    with form.checked():
        return file_of(
            sales_table(console.scope, form.sales(guessed(form.fields))),
            console.scope,
            session,
            actor=console.actor,
            locale=console.who.locale,
            is_sheet=True,
        )
    raise InvalidRequest([])


@ledger.get("/{conversion_id:uuid}")
async def read_sale(conversion_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    """One sale, every hop explained."""
    told = await explain(session, console.scope, conversion_id)
    if told is None:
        raise NotFound(what="conversion")
    return show("sale", console, told=told, sale=told.sale)


async def _found(session: AsyncSession, console: Console, form: Form) -> Found:
    """The page asked for. What is no order of anybody may be a click."""
    by = guessed(form.fields)
    found = await _by(session, console, form, by)
    is_open = by == "order" and "by" not in form.fields and form.fields.get("q", "").strip()
    if is_open and not found.page.items and "cursor" not in form.fields:
        other = await _by(session, console, form, "click_id")
        return other if other.page.items else found
    return found


async def _by(session: AsyncSession, console: Console, form: Form, by: str) -> Found:
    asked = form.sales(by)
    table = sales_table(console.scope, asked)
    page = await table.read(session, asked.place(sales.TABLE))
    totals = None if asked.cursor else await _totals(session, console, asked)
    fields = {**form.fields, "by": by} if form.fields.get("q") else form.fields
    is_uncounted = totals is None and not asked.cursor
    cut_at = await _cut_at(session, table, page, totals, asked.state)
    return Found(page, totals, Form(fields, form.locale), is_uncounted, cut_at)


async def _totals(session: AsyncSession, console: Console, asked: SalesQuery) -> dict[LedgerState, int] | None:
    return await in_time(session, lambda: sales.totals(session, console.scope, asked.search))


async def _cut_at(
    session: AsyncSession,
    table: Table[sales.SaleRow],
    page: Page[sales.SaleRow],
    totals: dict[LedgerState, int] | None,
    state: LedgerState | None,
) -> int | None:
    """As they were counted, if they were."""
    if totals is None:
        return await csv.cut_at(session, table, page)
    found = totals[state] if state else sum(totals.values())
    return csv.ROWS_MAX if found > csv.ROWS_MAX else None
