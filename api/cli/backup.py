"""``hub backup``, ``hub restore-drill`` and ``hub restore``: a copy of the database, the proof that it is one, and the
way back."""

import asyncio
import json
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from api.cli.data_dir import its_database
from api.cli.run import required_database
from tracking_core.backup import keyfile
from tracking_core.backup.drill import Drill, drill
from tracking_core.backup.make import make
from tracking_core.backup.manifest import read
from tracking_core.backup.restore import close_again, restore, shut
from tracking_core.db.engine import dispose
from tracking_core.embedded.keys import NAME as KEY_FILE
from tracking_core.embedded.keys import place_of_keys
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.settings import get_settings

FAILED = 1
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Dump = Annotated[Path, typer.Option("--from", help="The backup's file.")]
Keys = Annotated[
    Path | None, typer.Option("--keys", help=f"The file of the data keys; {keyfile.NAME} beside the backup.")
]


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command("restore-drill")(restore_drill)
    app.command("restore")(restored)


def backup(
    to: Annotated[Path, typer.Option("--to", help="The folder.")],
    keys: Keys = None,
    keys_only: Annotated[bool, typer.Option("--keys-only", help="Only replace the file of the data keys.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the database into a folder, with a manifest. The data keys of the tenants go into one file for all backups,
    which is replaced: those of closed tenants end with it. HUB_SECRETS_KEYS is in none: keep that apart."""
    required_database()
    url = get_settings().session_database_url
    dump = None if keys_only else make(url, to)
    known = keyfile.write(url, keys or to / keyfile.NAME)
    told: dict[str, Any] = {} if dump is None else {"file": str(dump), **read(dump).model_dump(mode="json")}
    told |= {"keys": len(known.keys), "key_ids": known.wrapped_by, "keys_at": place_of_keys(get_settings())}
    typer.echo(json.dumps(told) if as_json else _line(dump, known, told["keys_at"]))


def restored(
    file: Dump,
    keys: Keys = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Of a hub that runs with its own PostgreSQL and is stopped: restore into that.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup into the empty database at HUB_DATABASE_URL, or of a data directory, bring it to this version,
    and close again who was closed since. Exits 1 when the keys it needs are not here: it is whole, and what is sealed
    in it stays shut until they are. Start the hub only after it."""
    with its_database(data_dir) if data_dir else nullcontext():
        _require_target()
        known = restore(file, _beside(file, keys), get_settings().session_database_url)
        again, reasons = asyncio.run(_closed_again(known)), shut(known)
    told = {"restored": str(file), "closed_again": [str(one) for one in again], "shut": reasons}
    typer.echo(json.dumps(told) if as_json else f"Restored. Closed again: {', '.join(map(str, again)) or 'none'}.")
    if reasons:
        mend = f"Set it, or put {data_dir / KEY_FILE} back" if data_dir else "Set it"
        said = f"What is sealed in it stays shut. {' '.join(reasons)} {mend}, before the hub starts."
        typer.echo(said, err=True)
        raise typer.Exit(FAILED)


def restore_drill(file: Dump, keys: Keys = None, as_json: AsJson = False) -> None:
    """Restore a backup into a server that exists for it alone, look through it, and throw it away. Exits 1 when it is
    no backup."""
    done = drill(file, _beside(file, keys))
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


async def _closed_again(known: keyfile.KeyFile) -> list[UUID]:
    try:
        return await close_again(known.closed, now=clock.now())
    finally:
        await dispose()


def _beside(dump: Path, keys: Path | None) -> Path:
    return keys or dump.with_name(keyfile.NAME)


def _require_target() -> None:
    if not get_settings().session_database_url:
        how = "set HUB_DATABASE_URL to an empty one, or name the --data-dir of a stopped `hub up`"
        raise ConfigurationError(problem=f"No database to restore into: {how}.")


def _line(dump: Path | None, known: keyfile.KeyFile, keys_at: str) -> str:
    needs = f"{len(known.keys)} data keys, which need the keys: {', '.join(known.wrapped_by) or 'none'}"
    needs += f". Those stand in {keys_at} and in no backup: keep a copy, apart from it"
    if dump is None:
        return needs
    told = read(dump)
    return f"{dump}: {told.bytes} bytes, {sum(told.tables.values())} rows; {needs}"
