"""``hub staff key create`` and ``hub staff key revoke``."""

import json
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from api.cli.run import in_transaction
from tracking_core.kit import clock
from tracking_core.models import StaffRole
from tracking_core.staff import service as staff

_staff = typer.Typer(no_args_is_help=True, help="Our own people: support and operators.")
_keys = typer.Typer(no_args_is_help=True, help="Keys for the handoff desk.")
_staff.add_typer(_keys, name="key")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_staff, name="staff")


@_staff.callback()
def _group() -> None:
    """Our own people: support and operators."""


@_keys.command()
def create(
    name: Annotated[str, typer.Option(help="Who they are on a case; the seller reads it.")],
    role: Annotated[StaffRole, typer.Option(help="An operator may take a case from anyone.")] = StaffRole.SUPPORT,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is shown this once."""
    made = in_transaction(lambda session: staff.create(session, name, role, actor="cli"))
    _print({"id": str(made.row.id), "name": name, "role": role.value, "key": made.key}, as_json)


@_keys.command()
def revoke(
    key_id: Annotated[UUID, typer.Option("--id", help="The key's id, as it was shown with the key.")],
    as_json: AsJson = False,
) -> None:
    """End a key at once."""
    row = in_transaction(lambda session: staff.revoke(session, key_id, actor="cli", now=clock.now()))
    _print({"id": str(row.id), "name": row.name, "revoked_at": str(row.revoked_at)}, as_json)


def _print(said: dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
        return
    for key, value in said.items():
        Console().print(f"{key:>10}  [bold]{value}[/bold]", highlight=False)
