"""``hub tenant create``."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from api.cli.run import in_transaction, required_database
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.tenants import closing
from tracking_core.tenants import service as tenants
from tracking_core.tenants.closing import Closing

_tenants = typer.Typer(no_args_is_help=True, help="Tenants and their keys.")


def register(app: typer.Typer) -> None:
    app.add_typer(_tenants, name="tenant")


@_tenants.callback()
def _group() -> None:
    """Tenants and their keys."""


@_tenants.command()
def create(
    name: Annotated[str, typer.Option(help="How people call it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create a tenant; its secret key is shown this once."""
    made = in_transaction(lambda session: tenants.create(session, name, actor="cli"))
    said = {"tenant_id": str(made.tenant_id), "write_key": made.write_key, "secret_key": made.secret_key}
    if as_json:
        typer.echo(json.dumps(said))
        return
    for key, value in said.items():
        Console().print(f"{key:>10}  [bold]{value}[/bold]", highlight=False)


@_tenants.command()
def close(
    tenant: Annotated[UUID, typer.Option(help="The tenant's id.")],
    confirm: Annotated[str | None, typer.Option(help="The tenant's name, exactly. Without it only the plan.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """End a tenant for ever: nothing comes in or goes out, and its data key is destroyed. First shows what ends."""
    required_database()
    told = asyncio.run(_closed(tenant, confirm))
    if as_json:
        typer.echo(json.dumps({**asdict(told), "is_closed": told.closed_at is not None}, default=str))
        return
    for line in _lines(told):
        typer.echo(line)


async def _closed(tenant_id: UUID, confirm: str | None) -> Closing:
    try:
        async with transaction() as session:
            if confirm is None:
                return await closing.plan(session, tenant_id)
            told = await closing.close(session, tenant_id, name=confirm, actor="cli", now=clock.now())
        await closing.revoke_secrets(tenant_id, actor="cli", now=clock.now())
        return told
    finally:
        await dispose()


def _lines(told: Closing) -> list[str]:
    is_closed = told.closed_at is not None
    ends = ", ".join(f"{name}: {count}" for name, count in told.ends.items())
    dark = ", ".join(f"{name}: {count}" for name, count in told.unreadable.items())
    lines = [f"{told.name}: {'closed' if is_closed else 'would be closed'}.", f"Ended: {ends}.", f"Unreadable: {dark}."]
    lines.append("Backups made before are dark for it after the next `hub backup`, or `hub backup --keys-only` now.")
    return lines if is_closed else [*lines, f"To close it: --confirm {told.name!r}"]
