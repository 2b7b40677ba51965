"""``hub consent withdraw``: for a person who wrote to us; who it is comes on standard input, never as an argument."""

import json
import sys
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli.run import in_transaction
from tracking_core.consent import withdrawal
from tracking_core.consent.withdrawal import Entered
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.models import ConsentSource
from tracking_core.privacy.identifiers import Identifier, IdentifierKind, identifier
from tracking_core.tenants import service as tenants

_consent = typer.Typer(no_args_is_help=True, help="What people say about the use of their data.")
_BY = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone", IdentifierKind.CLICK_ID: "click_id"}
Kind = Annotated[IdentifierKind, typer.Option("--kind", help="What is on standard input: email, phone or click_id.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_consent, name="consent")


@_consent.callback()
def _group() -> None:
    """What people say about the use of their data."""


@_consent.command()
def withdraw(
    tenant: Annotated[UUID, typer.Option(help="The tenant's id.")],
    kind: Kind = IdentifierKind.EMAIL,
) -> None:
    """Nothing of this person is told to Meta any more, nor what waits already. Reads standard input; prints JSON."""
    if kind not in _BY:
        raise ConfigurationError(problem="Consent is kept by email, phone and click_id.")
    value = said_on_standard_input()
    done = in_transaction(lambda session: _withdrawn(session, tenant, kind, value))
    said = {"identifiers": done.subjects, "is_new": done.is_recorded, "deliveries": done.reached}
    typer.echo(json.dumps(said))


def said_on_standard_input() -> str:
    """One line. Raises ConfigurationError when there is none."""
    value = sys.stdin.readline().strip()
    if not value:
        raise ConfigurationError(problem="Give the identifier on standard input.")
    return value


async def _withdrawn(session: AsyncSession, tenant_id: UUID, kind: IdentifierKind, value: str) -> Entered:
    tenant = await tenants.get(session, tenant_id)
    who: Identifier = identifier(kind, value, country=tenant.default_country)
    given: dict[str, str | None] = {"email": None, "phone": None, "click_id": None}
    named = withdrawal.named(**{**given, _BY[who.kind]: value}, country=tenant.default_country)
    return await withdrawal.enter(
        session, tenant_id, named, granted=False, source=ConsentSource.STAFF, actor="cli", now=clock.now()
    )
