"""A shop and its channels, what is found of it, and who is told."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.alerts.day import at, rows
from tests.alerts.traffic import Merchant, merchant
from tracking_core.alerts import service
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.lifecycle import apply
from tracking_core.alerts.registry import Code
from tracking_core.db.engine import transaction
from tracking_core.models import Severity
from tracking_core.settings import Settings

_CHANNEL = (
    "INSERT INTO alert_channels (id, tenant_id, kind, target, hint, min_severity, enabled)"
    " VALUES (gen_random_uuid(), :tenant, 'email', '', :hint, :least, :enabled)"
)
ALL = frozenset(Code)


@pytest.fixture
async def shop(database: Settings) -> Merchant:
    """With a channel for everything and one for pages; the hub has one, and one that is switched off."""
    one = await merchant("Loja", busiest=1)
    for hint, tenant, least, enabled in (
        ("shop", one.tenant_id, "ticket", True),
        ("shop pages", one.tenant_id, "page", True),
        ("hub", None, "ticket", True),
        ("off", None, "ticket", False),
    ):
        await rows(_CHANNEL, tenant=tenant, hint=hint, least=least, enabled=enabled)
    return one


def found(tenant_id: UUID | None, code: Code = Code.SALES_AT_META, severity: Severity = Severity.PAGE) -> Finding:
    return Finding(Key(tenant_id, code, ""), severity, {"bad": 5})


async def look(minute: float, *findings: Finding) -> None:
    async with transaction() as session:
        await apply(session, ALL, findings, at(12) + timedelta(minutes=minute))


async def messages() -> list[tuple[str, str, int]]:
    """(channel, kind, n) in the order they are due."""
    query = "SELECT c.hint, m.kind, m.n FROM alert_messages m JOIN alert_channels c ON c.id = m.channel_id"
    return [(row["hint"], row["kind"], row["n"]) for row in await rows(f"{query} ORDER BY m.due_at, c.hint, m.n")]


async def sent() -> None:
    await rows("UPDATE alert_messages SET state = 'sent'")


async def silenced(tenant_id: UUID | None, since: datetime, until: datetime) -> None:
    async with transaction() as session:
        await service.silence(
            session,
            tenant_id=tenant_id,
            objective=None,
            starts_at=since,
            ends_at=until,
            reason="moving",
            actor="ana",
            now=since,
        )
