"""``hub privacy``: what is kept of a person, its erasure, and the search that proves it. The identifier comes on
standard input, because an argument is seen by everybody on the machine and kept by the shell."""

import asyncio
import json
import sys
import time
from collections.abc import Coroutine
from typing import Annotated, Any
from uuid import UUID

import typer
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from api.cli.run import in_transaction, required_database
from api.routes.privacy import told
from tracking_core.db.engine import dispose, transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import service, verify, webhook_keys
from tracking_core.privacy.closure import locate
from tracking_core.privacy.erase import drain_request
from tracking_core.privacy.identifiers import Identifier, IdentifierKind, identifier
from tracking_core.privacy.verify import Searched
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

REMAINS = 1
_LOOK_SECONDS = 0.5
_privacy = typer.Typer(no_args_is_help=True, help="Requests of people about their data (LGPD).")
TenantId = Annotated[UUID, typer.Option("--tenant", help="The tenant's id.")]
Kind = Annotated[IdentifierKind, typer.Option("--kind", help="What the identifier on standard input is.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(_privacy, name="privacy")


@_privacy.command()
def plan(tenant: TenantId, kind: Kind, as_json: AsJson = False) -> None:
    """What would be erased of the person, in numbers; nothing is changed. Keep the hash for `purge`."""
    value = _read()
    _show(in_transaction(lambda session: _planned(session, tenant, kind, value)), as_json=as_json)


@_privacy.command()
def purge(
    tenant: TenantId,
    kind: Kind,
    plan_hash: Annotated[str, typer.Option("--plan", help="The hash of the plan that was read.")],
    approved_by: Annotated[str, typer.Option(help="The name of the person who approved it.")],
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a worker that is at it.")] = 600,
    as_json: AsJson = False,
) -> None:
    """Erase just what the plan says, and search for what is left. Exits 1 when something is, or it has no end yet."""
    value = _read()
    row = in_transaction(lambda session: _approved(session, tenant, kind, value, plan_hash, approved_by))
    done = _run(_erased(row.id, time.monotonic() + wait))
    _show(done, as_json=as_json)
    if done.state != PrivacyState.DONE:
        raise typer.Exit(REMAINS)


@_privacy.command()
def status(request: Annotated[UUID, typer.Argument(help="The request's id.")], as_json: AsJson = False) -> None:
    """How far a request is, and its receipt when it is over."""
    _show(in_transaction(lambda session: service.find(session, request, tenant_id=None)), as_json=as_json)


@_privacy.command("verify")
def verify_person(tenant: TenantId, kind: Kind, as_json: AsJson = False) -> None:
    """Search for the identifier in every column of every table, and in Redis. Exits 1 when it is found."""
    value = _read()
    searched = _run(_searched(tenant, kind, value))
    if as_json:
        typer.echo(json.dumps(searched.told()))
    else:
        _show_search(searched)
    if not searched.is_clean:
        raise typer.Exit(REMAINS)


def _read() -> str:
    """The first line of standard input; asked for without echo when a person types."""
    if sys.stdin.isatty():
        return str(typer.prompt("Identifier", hide_input=True))
    return sys.stdin.readline().strip()


async def _asked(session: AsyncSession, tenant_id: UUID, kind: IdentifierKind, value: str) -> tuple[Tenant, Identifier]:
    tenant = await tenants.get(session, tenant_id)
    return tenant, identifier(kind, value, country=tenant.default_country)


async def _planned(session: AsyncSession, tenant_id: UUID, kind: IdentifierKind, value: str) -> PrivacyRequest:
    tenant, asked = await _asked(session, tenant_id, kind, value)
    return await service.ask(session, tenant.id, asked, actor="cli", now=clock.now())


async def _approved(
    session: AsyncSession, tenant_id: UUID, kind: IdentifierKind, value: str, plan_hash: str, approved_by: str
) -> PrivacyRequest:
    tenant, asked = await _asked(session, tenant_id, kind, value)
    row = await service.planned_for(session, tenant.id, asked)
    if row.state == PrivacyState.RUNNING:
        return row
    return await service.approve(
        session, tenant.id, row.id, plan_hash=plan_hash, approved_by=approved_by, actor="cli", now=clock.now()
    )


async def _erased(request_id: UUID, ends_at: float) -> PrivacyRequest:
    """At its end, whoever brought it there, or when the time is up: a worker may have its turn."""
    while True:
        async for _ in drain_request(request_id, get_settings()):
            pass
        async with transaction() as session:
            row = await service.find(session, request_id, tenant_id=None)
        if row.state != PrivacyState.RUNNING or time.monotonic() >= ends_at:
            return row
        await asyncio.sleep(_LOOK_SECONDS)


async def _searched(tenant_id: UUID, kind: IdentifierKind, value: str) -> Searched:
    await webhook_keys.read_all(tenant_id)
    redis = Redis.from_url(get_settings().redis_url, socket_timeout=5, socket_connect_timeout=2)
    try:
        async with transaction() as session:
            tenant, asked = await _asked(session, tenant_id, kind, value)
            return await verify.search(session, tenant, await locate(session, tenant, asked), redis=redis)
    finally:
        await redis.aclose()


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    required_database()

    async def whole() -> Any:
        try:
            return await work
        finally:
            await dispose()

    return asyncio.run(whole())


def _show(row: PrivacyRequest, *, as_json: bool) -> None:
    said = told(row)
    if as_json:
        typer.echo(json.dumps(said, default=str))
        return
    console = Console()
    console.print(f"{row.state}: {row.id}\nplan {row.plan_hash}", highlight=False, soft_wrap=True)
    table = Table("table", "rows", "what", "is done")
    lines = row.receipt.get("erased") if row.receipt else None
    for one in lines if lines is not None else row.plan.get("items", ()):
        table.add_row(one["table"], str(one["rows"]), one["what"], one["does"])
    console.print(table)


def _show_search(searched: Searched) -> None:
    console = Console()
    size = f"{searched.columns} columns of {searched.tables} tables, {searched.opened} sealed values"
    console.print(f"Searched: {size}, {searched.redis_keys} Redis keys.", soft_wrap=True)
    for one in searched.found:
        console.print(f"[red]found[/red] {one.table}.{one.column}: {one.rows}")
    if searched.is_clean:
        console.print("Nothing was found.")
