"""``hub privacy-export``: all the hub holds of a person, on standard output; who it is comes on standard input."""

import asyncio
import sys
from typing import Annotated
from uuid import UUID

import typer

from api.cli.consent import said_on_standard_input
from api.cli.run import required_database
from tracking_core.db.engine import dispose, transaction
from tracking_core.portability import export
from tracking_core.privacy.identifiers import IdentifierKind, identifier
from tracking_core.tenants import service as tenants


def register(app: typer.Typer) -> None:
    app.command(name="privacy-export")(privacy_export)


def privacy_export(
    tenant: Annotated[UUID, typer.Option(help="The tenant's id.")],
    kind: Annotated[IdentifierKind, typer.Option("--kind", help="What is on standard input.")] = IdentifierKind.EMAIL,
) -> None:
    """Write a person's data as JSON (hub.privacy-export/1) to standard output. Nothing of it is stored by the hub."""
    required_database()
    asyncio.run(_write(tenant, kind, said_on_standard_input()))


async def _write(tenant_id: UUID, kind: IdentifierKind, value: str) -> None:
    try:
        async with transaction() as session:
            tenant = await tenants.get(session, tenant_id)
            named = identifier(kind, value, country=tenant.default_country)
            person = await export.find(session, tenant, named, actor="cli")
        async for piece in export.written(tenant, person):
            sys.stdout.buffer.write(piece)
    finally:
        await dispose()
