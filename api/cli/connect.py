"""``hub connect meta`` and ``hub connect gateway``; secrets come on standard input, never as arguments."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer

from api.cli.run import in_transaction
from tracking_core.errors import ConfigurationError
from tracking_core.models import BrowserEvent
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
    browser_events: Annotated[
        list[BrowserEvent] | None,
        typer.Option(help="Also forward this browser event; may be repeated. Absent: as it was, at first none."),
    ] = None,
    no_browser_events: Annotated[
        bool, typer.Option("--no-browser-events", help="Forward browser events no longer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect a Meta dataset, or give it a new token. The access token is read from standard input."""
    if browser_events and no_browser_events:
        raise ConfigurationError(problem="Use either --browser-events or --no-browser-events.")
    token = _secret("access token")
    secret = _secret("app secret") if app_secret else None
    wanted = [] if no_browser_events else browser_events or None
    made = in_transaction(
        lambda session: tenants.connect_meta(
            session,
            tenant,
            dataset,
            token,
            actor="cli",
            test_event_code=test_event_code,
            app_secret=secret,
            browser_events=wanted,
        )
    )
    said = {"connection_id": str(made.id), "dataset_id": made.dataset_id, "state": made.state}
    _say({**said, "browser_events": made.browser_events}, as_json)


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


def _say(said: Mapping[str, str | list[str]], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
        return
    for key, value in said.items():
        typer.echo(f"{key:>14}  {value if isinstance(value, str) else ', '.join(value) or 'none'}")
