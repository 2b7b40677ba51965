"""``hub webhooks reread``: have read again what could not be read."""

from typing import Annotated
from uuid import UUID

import typer

from api.cli.run import in_transaction
from tracking_core.webhooks.receive import read_again

_webhooks = typer.Typer(no_args_is_help=True, help="What the gateways sent.")


def register(app: typer.Typer) -> None:
    app.add_typer(_webhooks, name="webhooks")


@_webhooks.callback()
def _group() -> None:
    pass


@_webhooks.command()
def reread(
    tenant: Annotated[UUID, typer.Option(help="The tenant's id.")],
    gateway: Annotated[str | None, typer.Option(help="Only this gateway's.")] = None,
) -> None:
    """Make the tenant's unreadable webhooks due again; prints how many. Those still unreadable end as before."""
    typer.echo(in_transaction(lambda session: read_again(session, tenant, gateway)))
