"""``hub doctor``: the setup's checks again on live tenants; exit 1 when something broke, so that cron can tell. What a
provider has to mend is shown and no reason to exit 1. Findings are on standard output, the log on standard error."""

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Annotated, Any, TextIO
from uuid import UUID

import structlog
import typer
from rich.console import Console
from rich.progress import track

from api.cli.run import required_database
from tracking_core.db.engine import dispose, transaction
from tracking_core.doctor.examine import Finding, examine, live_tenants
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.logging import redact
from tracking_core.settings import get_settings
from tracking_core.setup.meanings import describe
from tracking_core.tenants import service as tenants


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    tenant: Annotated[UUID | None, typer.Option(help="Only this tenant; absent: all that are set up.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each finding.")] = False,
    english: Annotated[bool, typer.Option("--english", help="Sentences in English.")] = False,
) -> None:
    """Check live tenants again: tokens, credentials, pages, silent webhooks. Exit 1 when something is broken."""
    required_database()
    _log_to(sys.stderr)
    findings = asyncio.run(_examined(tenant, is_quiet=as_json))
    locale = "en" if english else "pt_BR"
    _show(findings, locale, as_json=as_json)
    if any(one.is_broken for one in findings):
        raise typer.Exit(1)


async def _examined(tenant: UUID | None, *, is_quiet: bool) -> list[Finding]:
    settings = get_settings()
    guarded = GuardedClient(trusted_origins=frozenset(settings.probe_trusted_origins))
    findings: list[Finding] = []
    try:
        async with transaction() as session:
            wanted = [(await tenants.get(session, tenant)).id] if tenant else await live_tenants(session)
        for one in wanted if is_quiet else track(wanted, "Examining", console=Console(stderr=True)):
            findings += await examine(one, settings=settings, guarded=guarded)
    finally:
        await dispose()
    return findings


def _log_to(stream: TextIO) -> None:
    processors: list[Any] = [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()]
    structlog.configure(processors=processors, logger_factory=structlog.PrintLoggerFactory(stream))


def _show(findings: Iterable[Finding], locale: str, *, as_json: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for one in findings:
        if as_json:
            typer.echo(json.dumps(_told(one, locale)))
            continue
        mark = "[green]✓[/green]" if one.is_healthy else "[red]✗[/red]" if one.is_broken else "[yellow]?[/yellow]"
        said = describe(one.code, one.params, locale)
        console.print(f"{mark} {one.tenant_id}  {one.subject:<28} {one.code}")
        if not one.is_healthy:
            console.print(f"    {said['message']} {said.get('recommendation', '')}", markup=False)


def _told(one: Finding, locale: str) -> dict[str, Any]:
    return {
        "tenant_id": str(one.tenant_id),
        "subject": one.subject,
        "is_healthy": one.is_healthy,
        "is_broken": one.is_broken,
        **describe(one.code, one.params, locale),
        "reason": one.reason,
        "return_code": one.return_code,
    }
