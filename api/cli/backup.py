"""``hub backup`` and ``hub restore-drill``: a copy of the database, and the proof that it is one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.run import required_database
from tracking_core.backup.drill import Drill, drill
from tracking_core.backup.make import make
from tracking_core.backup.manifest import read
from tracking_core.settings import get_settings

FAILED = 1
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command("restore-drill")(restore_drill)


def backup(to: Annotated[Path, typer.Option("--to", help="The folder.")], as_json: AsJson = False) -> None:
    """Write the whole database into one file, with a manifest beside it. HUB_SECRETS_KEYS is not in it: keep that
    apart."""
    required_database()
    dump = make(get_settings().session_database_url, to)
    told = read(dump)
    if as_json:
        typer.echo(json.dumps({"file": str(dump), **told.model_dump(mode="json")}))
    else:
        keys = ", ".join(told.key_ids) or "none"
        typer.echo(f"{dump}: {told.bytes} bytes, {sum(told.tables.values())} rows, needs the keys: {keys}")


def restore_drill(
    file: Annotated[Path, typer.Option("--from", help="The backup's file.")], as_json: AsJson = False
) -> None:
    """Restore a backup into a server that exists for it alone, look through it, and throw it away. Exits 1 when it is
    no backup."""
    done = drill(file)
    if as_json:
        typer.echo(json.dumps({"is_green": done.is_green, "checks": [asdict(check) for check in done.checks]}))
    else:
        Console().print(_table(done))
    if not done.is_green:
        raise typer.Exit(FAILED)


def _table(done: Drill) -> Table:
    table = Table("check", "", "found")
    for check in done.checks:
        table.add_row(check.name, "green" if check.is_green else "RED", check.said)
    return table
