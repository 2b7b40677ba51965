"""``hub alerts list``, ``silence`` and ``check``, beside ``hub alerts channel``."""

import json
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli.failures import line_of
from api.cli.run import in_transaction
from tracking_core.alerts import service as alerts
from tracking_core.alerts.service import AlertView, Code
from tracking_core.errors import HubError
from tracking_core.kit import clock
from tracking_core.models import Severity
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import told

_ACTOR, _GROUP = "cli", "alerts"
# Three rounds of the scheduler and a little: later than this, none runs.
_LATE = timedelta(minutes=2)
# Exit 1 says that a page is open, and nothing else does.
_UNKNOWN = 2
Tenant = Annotated[UUID | None, typer.Option(help="Only this tenant's.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
English = Annotated[bool, typer.Option("--english", help="Sentences in English.")]


def register(app: typer.Typer) -> None:
    """Into the group that ``alert_channels`` made."""
    group = next(one.typer_instance for one in app.registered_groups if one.name == _GROUP)
    assert group is not None
    for name, command in (("list", list_open), ("silence", silence), ("check", check)):
        group.command(name)(command)


def list_open(tenant: Tenant = None, as_json: AsJson = False, english: English = False) -> None:
    """The alerts that are open, pages first."""
    _show(in_transaction(lambda session: alerts.open_alerts(session, _scope(tenant))), as_json, _locale(english))


def silence(
    hours: Annotated[float, typer.Option(min=0.01, max=743, help="For how long, from now.")],
    reason: Annotated[str, typer.Option(help="Why; everybody sees it.")],
    tenant: Annotated[UUID | None, typer.Option(help="Of this tenant; of everything without it.")] = None,
    objective: Annotated[Code | None, typer.Option(help="Only of this objective.")] = None,
) -> None:
    """Tell nobody of what opens meanwhile; what is still open at the end is told then."""
    now = clock.now()
    made = in_transaction(
        lambda session: alerts.silence(
            session,
            tenant_id=tenant,
            objective=objective,
            starts_at=now,
            ends_at=now + timedelta(hours=hours),
            reason=reason,
            actor=_ACTOR,
            now=now,
        )
    )
    typer.echo(json.dumps(told(made, "en"), default=str))


def check(tenant: Tenant = None, as_json: AsJson = False, english: English = False) -> None:
    """For a monitor outside of the hub. Exit 1 when a page is open, 2 when no scheduler evaluates any more or the
    database cannot be asked."""
    evaluated_at, open_ = _asked(_scope(tenant))
    _show(open_, as_json, _locale(english))
    if evaluated_at is None or clock.now() - evaluated_at > _LATE:
        said = evaluated_at.isoformat() if evaluated_at else "never"
        typer.echo(f"hub: not evaluated since: {said}. Does `hub scheduler` run?", err=True)
        raise typer.Exit(_UNKNOWN)
    if any(one.severity is Severity.PAGE for one in open_):
        raise typer.Exit(1)


def _asked(scope: Scope) -> tuple[datetime | None, list[AlertView]]:
    try:
        return in_transaction(lambda session: _checked(session, scope))
    except (HubError, SQLAlchemyError, OSError, TimeoutError) as error:
        typer.echo(f"hub: {line_of(error) or type(error).__name__}", err=True)
        raise typer.Exit(_UNKNOWN) from None


async def _checked(session: AsyncSession, scope: Scope) -> tuple[datetime | None, list[AlertView]]:
    return await alerts.evaluated_at(session), await alerts.open_alerts(session, scope)


def _show(open_: list[AlertView], as_json: bool, locale: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for one in open_:
        if as_json:
            typer.echo(json.dumps(told(one, locale), default=str))
            continue
        whose = one.tenant_name or "hub"
        console.print(f"{one.severity:<6} {one.opened_at:%Y-%m-%d %H:%M}Z  {one.objective}  {whose}", markup=False)
        said: dict[str, Any] = told({"sentence": one.sentence, "advice": one.advice}, locale)
        console.print(f"    {said['sentence']} {said['advice']}", markup=False)


def _scope(tenant: UUID | None) -> Scope:
    return Scope(tenant) if tenant else EVERYONE


def _locale(english: bool) -> str:
    return "en" if english else "pt_BR"
