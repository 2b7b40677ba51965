"""``hub connect meta`` and ``hub connect gateway``; secrets come on standard input, never as arguments."""

import json
import sys
from typing import Annotated
from uuid import UUID

import typer

from api.cli.run import in_transaction
from tracking_core.errors import ConfigurationError
from tracking_core.tenants import service as tenants

_connect = typer.Typer(no_args_is_help=True, help="Connect datasets and gateways.")
Tenant = Annotated[UUID, typer.Option(help="The tenant's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_connect, name="connect")


@_connect.command()
def meta(
    tenant: Tenant,
    dataset: Annotated[str, typer.Option(help="Dataset (pixel) id.")],
    test_event_code: Annotated[str | None, typer.Option(help="Show events in Test Events; they still count.")] = None,
    app_secret: Annotated[bool, typer.Option("--app-secret", help="Read the app's secret on a second line.")] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a Meta dataset, or give it a new token. The access token is read from standard input."""
    token = _secret("access token")
    secret = _secret("app secret") if app_secret else None
    made = in_transaction(
        lambda session: tenants.connect_meta(
            session, tenant, dataset, token, actor="cli", test_event_code=test_event_code, app_secret=secret
        )
    )
    _say({"connection_id": str(made.id), "dataset_id": made.dataset_id, "state": made.state}, as_json)


@_connect.command()
def gateway(
    name: Annotated[str, typer.Argument(help="hotmart, kiwify, ...")], tenant: Tenant, as_json: AsJson = False
) -> None:
    """Make a webhook URL for a gateway. The webhook secret (hottok, token) is read from standard input."""
    secret = _secret("webhook secret")
    made = in_transaction(lambda session: tenants.connect_gateway(session, tenant, name, secret, actor="cli"))
    _say({"endpoint_key": made.endpoint_key, "webhook_path": tenants.webhook_path(made)}, as_json)


def _secret(what: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True))
    secret = sys.stdin.readline().strip()
    if not secret:
        raise ConfigurationError(problem=f"The {what} is read from standard input, and nothing came.")
    return secret


def _say(said: dict[str, str], as_json: bool) -> None:
    typer.echo(json.dumps(said) if as_json else "\n".join(f"{key:>14}  {value}" for key, value in said.items()))
