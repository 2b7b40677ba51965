"""``hub alerts channel``: where alerts are told. Addresses come on standard input, never as arguments."""

import asyncio
import json
import sys
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.run import in_transaction, required_database
from tracking_core.alerts.channels import proving, service
from tracking_core.alerts.channels.proving import Tested
from tracking_core.alerts.channels.service import ChannelView
from tracking_core.db.engine import dispose
from tracking_core.errors import ConfigurationError
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.models import ChannelKind, Severity
from tracking_core.settings import get_settings

_ACTOR = "cli"
_alerts = typer.Typer(no_args_is_help=True, help="Alerts, and where they are told.")
_channel = typer.Typer(no_args_is_help=True, help="Where alerts are told.")
Tenant = Annotated[UUID | None, typer.Option(help="Of this tenant; of the whole hub without it.")]
ChannelId = Annotated[UUID, typer.Argument(help="The channel's id, as `list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_alerts, name="alerts")


_alerts.add_typer(_channel, name="channel")


@_alerts.callback()
def _group() -> None:
    """Alerts, and where they are told."""


@_channel.command()
def add(
    kind: Annotated[ChannelKind, typer.Argument(help="email, webhook or slack.")],
    tenant: Tenant = None,
    least: Annotated[Severity, typer.Option(help="page: only what cannot wait.")] = Severity.TICKET,
    locale: Annotated[str, typer.Option(help="What is read there: pt_BR or en.")] = DEFAULT_LOCALE,
    as_json: AsJson = False,
) -> None:
    """Add one; its e-mail address or URL is read from standard input. A webhook's secret is shown this once."""
    to = _from_input()
    made = in_transaction(
        lambda session: service.add(
            session,
            tenant,
            kind,
            to,
            min_severity=least,
            locale=locale,
            trusted_origins=get_settings().probe_trusted_origins,
            actor=_ACTOR,
        )
    )
    _print({**_told(made.channel), **({"secret": made.secret} if made.secret else {})}, as_json)


@_channel.command("list")
def list_channels(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """All of a tenant, or of the whole hub; addresses are shown as hints."""
    found = in_transaction(lambda session: service.listed(session, tenant))
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found]))
        return
    for one in found:
        typer.echo("  ".join(str(value) for value in _told(one).values()))
    if not found:
        typer.echo("No channel yet: hub alerts channel add --help")


@_channel.command("test")
def prove(channel_id: ChannelId, tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Send a test message. Exits 1 when it does not get through."""
    required_database()
    tested = asyncio.run(_prove(tenant, channel_id))
    said = {"status": "sent" if tested.is_sent else "failed", "code": tested.code, "message": tested.message}
    _print(said, as_json)
    if not tested.is_sent:
        raise typer.Exit(1)


@_channel.command()
def remove(channel_id: ChannelId, tenant: Tenant = None) -> None:
    """Remove one, with what waits for it."""
    in_transaction(lambda session: service.remove(session, tenant, channel_id, actor=_ACTOR))


async def _prove(tenant: UUID | None, channel_id: UUID) -> Tested:
    try:
        return await proving.prove(tenant, channel_id, actor=_ACTOR, settings=get_settings())
    finally:
        await dispose()


def _from_input() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("address", hide_input=True))
    to = sys.stdin.readline().strip()
    if not to:
        raise ConfigurationError(problem="The address is read from standard input, and nothing came.")
    return to


def _told(one: ChannelView) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "kind": one.kind.value,
        "hint": one.hint,
        "min_severity": one.min_severity.value,
        "enabled": one.enabled,
        "is_proved": one.is_proved,
        "last_error": one.error,
    }


def _print(said: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(said))
        return
    for key, value in said.items():
        typer.echo(f"{key:>14}  {value}")
