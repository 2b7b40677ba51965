"""``hub retention``: what is past its time, letting it go, and the record that it went."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from api.cli.run import in_transaction, required_database
from api.routes.retention import run_told, told
from tracking_core.db.engine import dispose
from tracking_core.kit import clock
from tracking_core.models import RetentionRun
from tracking_core.retention.kinds import Kind
from tracking_core.retention.policy import POLICIES
from tracking_core.retention.run import run_all
from tracking_core.retention.status import KindStatus, overview, runs
from tracking_core.settings import get_settings

FAILED = 1
_retention = typer.Typer(no_args_is_help=True, help="How long each kind of data is kept.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Only this kind; may be repeated.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_retention, name="retention")


@_retention.command()
def plan(as_json: AsJson = False) -> None:
    """What is past due of each kind, and would go now. Changes nothing."""
    found = in_transaction(lambda session: overview(session, get_settings(), clock.now()))
    if as_json:
        typer.echo(json.dumps({"kinds": [told(one) for one in found]}, default=str))
    else:
        Console().print(_planned(found))


@_retention.command()
def run(kind: Kinds = None, as_json: AsJson = False) -> None:
    """Let go of what is past due. May be stopped and run again; exits 1 when a kind failed."""
    required_database()
    done = asyncio.run(_run(kind or list(POLICIES), show=not as_json))
    if as_json:
        typer.echo(json.dumps({"runs": [run_told(row) for row in done]}))
    else:
        Console().print(_ran(done))
    if any(row.error for row in done):
        raise typer.Exit(FAILED)


@_retention.command()
def status(kind: Annotated[Kind | None, typer.Option()] = None, limit: int = 50, as_json: AsJson = False) -> None:
    """The newest runs, on record."""
    found = in_transaction(lambda session: runs(session, kind=kind, limit=limit))
    if as_json:
        typer.echo(json.dumps({"runs": [run_told(row) for row in found]}))
    else:
        Console().print(_ran(found))


async def _run(kinds: list[Kind], *, show: bool) -> list[RetentionRun]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    try:
        with Progress(*columns, console=Console(stderr=True), disable=not show, transient=True) as bar:
            task = bar.add_task("Looking")
            return await run_all(
                kinds,
                get_settings(),
                told=lambda row: bar.update(task, description=f"{row.kind}: {row.rows}"),
            )
    finally:
        await dispose()


def _planned(found: list[KindStatus]) -> Table:
    table = Table("kind", "kept for days", "effect", "past due", "last run")
    for one in found:
        count = f"{one.past_due}{' or more' if one.is_more else ''}"
        last = "never" if one.last is None else "running" if one.is_running else str(one.last.finished_at)
        table.add_row(one.kind, str(one.days), one.effect, count, last)
    return table


def _ran(found: list[RetentionRun]) -> Table:
    table = Table("kind", "older than", "rows", "partitions", "finished")
    for row in found:
        end = row.error or (str(row.finished_at) if row.finished_at else "running")
        table.add_row(row.kind, f"{row.cutoff:%Y-%m-%d %H:%M}", str(row.rows), str(row.partitions), end)
    return table
