"""``hub tenant create``."""

import json
from typing import Annotated

import typer
from rich.console import Console

from api.cli.run import in_transaction
from tracking_core.tenants import service as tenants

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
