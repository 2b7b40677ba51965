"""``hub reconcile run`` and ``hub reconcile report``: the ledger against the gateways' own lists of sales."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli.run import in_transaction, required_database
from api.reconciliation_tables import ReportLine, lines_of
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.models import RunState
from tracking_core.reconciliation.drain import drain_run
from tracking_core.reconciliation.report import SPANS_MAX, Report, report
from tracking_core.reconciliation.runs import RunRow, find_run, is_open
from tracking_core.reconciliation.schedule import ask
from tracking_core.reconciliation.window import day_of, midnight
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import told
from tracking_core.settings import get_settings

_reconcile = typer.Typer(no_args_is_help=True, help="Compare the ledger with the gateways' lists of sales.")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LOOK_SECONDS = 0.5
Tenant = Annotated[UUID | None, typer.Option(help="Only this tenant's.")]
Endpoint = Annotated[UUID | None, typer.Option(help="Only this webhook endpoint.")]
First = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of orders (São Paulo).")
]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of orders.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_reconcile, name="reconcile")


@_reconcile.command("run")
def run(
    tenant: Tenant = None,
    endpoint: Endpoint = None,
    first: First = None,
    last: Last = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the end; 0 leaves it to the workers.")] = 600,
    as_json: AsJson = False,
) -> None:
    """Read the lists of these days (absent: the last two) and take in what no webhook brought. Exit 1 unless it was
    read to its end and equals the ledger."""
    if tenant is None and endpoint is None:
        raise typer.BadParameter("Name a --tenant or an --endpoint.")
    required_database()
    begins, ends = _days(first, last, _DAY)
    rows = asyncio.run(_run(tenant, endpoint, begins, ends, wait))
    for row in rows:
        _say(told(row, "en"), as_json, _run_line(row))
    if wait and not all(row.state is RunState.DONE and row.is_equal for row in rows):
        raise typer.Exit(1)


@_reconcile.command("report")
def show(
    tenant: Tenant = None,
    endpoint: Endpoint = None,
    first: First = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """Each day that was read (absent: the last week), totals there and here, and every sale that differs. Exit 1 when
    one does, or no day was read."""
    begins, ends = _days(first, last, _WEEK - _DAY)
    scope = EVERYONE if tenant is None else Scope(tenant)

    async def read(session: AsyncSession) -> Report:
        return await report(session, scope, first=begins, last=ends, endpoint_id=endpoint, spans=SPANS_MAX)

    found = in_transaction(read)
    if as_json:
        for day in found.days:
            typer.echo(json.dumps(told(day, "en"), default=str))
    else:
        for line in lines_of(found.days):
            Console().print(_report_line(line), highlight=False)
    if not found.days:
        typer.echo(f"Nothing was read of {begins} to {ends}: `hub reconcile run` reads it.", err=True)
    if not found.days or not found.is_equal:
        raise typer.Exit(1)


async def _run(tenant: UUID | None, endpoint: UUID | None, first: date, last: date, wait: float) -> Sequence[RunRow]:
    """Ask, and work at it here too, beside whatever workers there are."""
    try:
        async with transaction() as session:
            asked = await ask(
                session,
                since=midnight(first),
                until=midnight(last + _DAY),
                actor="cli",
                now=clock.now(),
                settings=get_settings(),
                tenant_id=tenant,
                endpoint_id=endpoint,
            )
        ends_at = time.monotonic() + wait
        return [await _followed(run_id, ends_at) for run_id in asked]
    finally:
        await dispose()


async def _followed(run_id: UUID, ends_at: float) -> RunRow:
    """Until it has an end or the time is up; a worker elsewhere takes what it put before the pipeline."""
    while True:
        async with transaction() as session:
            row = await find_run(session, EVERYONE, run_id)
        if not is_open(row) or time.monotonic() >= ends_at:
            return row
        if not await drain_run(run_id, settings=get_settings(), on_news=lambda: None):
            await asyncio.sleep(_LOOK_SECONDS)


def _days(first: datetime | None, last: datetime | None, span: timedelta) -> tuple[date, date]:
    ends = last.date() if last else day_of(clock.now())
    return (first.date() if first else ends - span), ends


def _say(said: Any, as_json: bool, line: str) -> None:
    if as_json:
        typer.echo(json.dumps(said, default=str))
    else:
        Console().print(line, highlight=False)


def _run_line(row: RunRow) -> str:
    counts = f"found {row.found}, missing {row.missing}, recovered {row.recovered}, changed {row.changed}"
    end = "equal" if row.is_equal else f"{row.differences} differ" if row.differences else row.code or ""
    return f"{row.gateway}  {row.state.value}  {counts}, unreadable {row.unreadable}  {end}"


def _report_line(line: ReportLine) -> str:
    amounts = f"{line.theirs_total} there, {line.ours_total} here {line.currency or ''}"
    if line.sale_id:
        return f"{line.day}  {line.gateway}  [bold]{line.sale_id}[/bold]  {line.reason}  {amounts}"
    mark = "=" if line.is_equal else "[red]≠[/red]"
    return f"{line.day}  {line.gateway}  {line.status}  {line.theirs} {mark} {line.ours}  {amounts}"
