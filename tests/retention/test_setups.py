"""Chats, contacts, cases and what was told of them go together, and never while a person has the case."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.handoff.conftest import NOW, Case, case, with_channels
from tests.pipeline.test_sales import rows
from tracking_core.db.engine import transaction
from tracking_core.handoff.contact import Contact, keep_contact
from tracking_core.kit import clock
from tracking_core.models import SetupMessage, SetupSession
from tracking_core.retention.kinds import Kind
from tracking_core.retention.run import run_all
from tracking_core.tenants import service as tenants

__all__ = ["case", "with_channels"]
KINDS = (Kind.CHATS, Kind.HANDOFFS, Kind.NOTIFICATIONS)
_AGED = (
    "UPDATE setup_messages SET created_at = :now",
    "UPDATE session_events SET created_at = :now",
    "UPDATE setup_sessions SET updated_at = :now",
    "UPDATE notifications SET created_at = :now, state = 'sent'",
)


async def left(case: Case, *, days: int) -> dict[str, int]:
    """What is there after so many days and a run."""
    clock.set_source(lambda: NOW + timedelta(days=days))
    await run_all(KINDS, case.settings)
    queries = {
        "messages": "SELECT 1 FROM setup_messages",
        "events": "SELECT 1 FROM session_events",
        "contacts": "SELECT 1 FROM setup_sessions WHERE contact IS NOT NULL",
        "notifications": "SELECT 1 FROM notifications",
        "cases": "SELECT 1 FROM setup_handoffs",
    }
    return {name: count for name, query in queries.items() if (count := len(await rows(query)))}


async def test_all_of_a_case_goes_once_it_is_closed_long_enough(case: Case) -> None:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, case.session_id)
        cipher = tenants.cipher_of(await tenants.get(session, case.tenant_id))
        keep_contact(owner, Contact(name="Ana", email="ana@loja.example"), cipher)
        at: dict[str, Any] = {"session_id": case.session_id, "tenant_id": case.tenant_id}
        session.add(SetupMessage(**at, client_id="1", role="seller", text="my CPF is ..."))
    await case.open()
    async with transaction() as session:
        for statement in _AGED:
            await session.execute(text(statement), {"now": NOW})
    before = await left(case, days=0)
    assert set(before) == {"messages", "events", "contacts", "notifications", "cases"}
    assert await left(case, days=400) == before  # the case is open
    await rows("UPDATE setup_handoffs SET state = 'resolved', closed_at = :now RETURNING 1", now=NOW)
    assert await left(case, days=89) == before
    assert set(await left(case, days=91)) == {"messages", "events", "contacts", "cases"}
    assert await left(case, days=181) == {"cases": 1}
    assert await left(case, days=366) == {}
