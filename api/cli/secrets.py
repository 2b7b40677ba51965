"""``hub secrets``: key-encryption keys, and what the vault must no longer keep."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from api.cli.run import in_transaction
from tracking_core.db.engine import dispose
from tracking_core.kit import clock
from tracking_core.secrets import rotation
from tracking_core.secrets.keyring import new_key
from tracking_core.secrets.rotation import KeyUsage
from tracking_core.secrets.sweep import Swept, sweep

MISSING, REWRAP_DUE = 1, 3
_secrets = typer.Typer(no_args_is_help=True, help="Key-encryption keys and the vault.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_secrets, name="secrets")


@_secrets.command()
def keys(as_json: AsJson = False) -> None:
    """Which key still keeps how many tenants and alert channels of the hub, and which may leave HUB_SECRETS_KEYS.

    Exits 1 when rows need a key that is not configured, 3 when `hub secrets rewrap` is due.
    """
    usage = in_transaction(rotation.key_usage)
    if as_json:
        typer.echo(json.dumps({"keys": [{**asdict(one), "is_removable": one.is_removable} for one in usage]}))
    else:
        Console().print(_table(usage))
    if any(one.is_missing for one in usage):
        raise typer.Exit(MISSING)
    if any(one.is_due for one in usage):
        raise typer.Exit(REWRAP_DUE)


@_secrets.command("new-key")
def print_new_key() -> None:
    """Print a new key-encryption key for HUB_SECRETS_KEYS. It is kept nowhere: put it first, beside those there are."""
    typer.echo(new_key(f"{clock.now():k%Y%m%d}"))


@_secrets.command()
def rewrap(
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Tenants in one transaction.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Wrap every tenant's data key by the newest key, and seal the hub's own alert channels with it.

    May be stopped and run again, also while the hub runs.
    """
    usage = in_transaction(rotation.key_usage)
    due = sum(one.tenants + one.channels for one in usage if one.is_due)
    done = asyncio.run(_rewrapped(due, batch, show=not as_json))
    removable = [one.key_id for one in in_transaction(rotation.key_usage) if one.is_removable]
    if as_json:
        typer.echo(json.dumps({"rewrapped": done, "removable_keys": removable}))
        return
    typer.echo(f"Re-wrapped: {done}. No longer needed in HUB_SECRETS_KEYS: {', '.join(removable) or 'none'}.")


@_secrets.command("sweep")
def sweep_vault(
    orphans: Annotated[
        bool,
        typer.Option("--orphans", help="Also delete values in the secrets manager that no row of this hub refers to."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Wipe credentials nobody verified in time, and what a revoked one left in a secrets manager."""
    in_transaction(rotation.key_usage)  # says clearly when there is no database
    swept = asyncio.run(_swept(orphans=orphans))
    said = asdict(swept)
    typer.echo(json.dumps(said) if as_json else ", ".join(f"{name}: {count}" for name, count in said.items()))


async def _rewrapped(due: int, batch: int, *, show: bool) -> int:
    done, columns = 0, (*Progress.get_default_columns(), MofNCompleteColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), disable=not show) as bar:
            task = bar.add_task("Re-wrapping data keys", total=due)
            async for count in rotation.rewrap(actor="cli", batch=batch):
                done += count
                bar.update(task, completed=done, total=max(due, done))
    finally:
        await dispose()
    return done


async def _swept(*, orphans: bool) -> Swept:
    try:
        return await sweep(clock.now(), orphans=orphans)
    finally:
        await dispose()


def _table(usage: list[KeyUsage]) -> Table:
    table = Table("key", "tenants", "alert channels", "state")
    for one in usage:
        table.add_row(one.key_id, str(one.tenants), str(one.channels), _state(one))
    return table


def _state(one: KeyUsage) -> str:
    if one.is_missing:
        return "[red]missing from HUB_SECRETS_KEYS[/red]"
    if one.is_newest:
        return "wraps new data keys"
    return "may be removed" if one.is_removable else "needed until `hub secrets rewrap`"
