"""A closed shop is emptied of people, and of nothing else; its neighbour keeps everything."""

from typing import Any

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, rows, totals
from tests.retention.test_run import sold
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, Tenant
from tracking_core.privacy import service as privacy
from tracking_core.privacy.identifiers import identifier
from tracking_core.retention import closed
from tracking_core.retention.kinds import Kind
from tracking_core.retention.run import run_all
from tracking_core.tenants import closing
from tracking_core.tenants import service as tenants

# Whatever says something of a person in the clear, or as a hash that can be compared.
_OF_PEOPLE = """
SELECT 'event' AS what FROM tracking_events WHERE tenant_id = :tenant
UNION ALL SELECT 'buyer' FROM conversions
    WHERE tenant_id = :tenant AND (user_data <> '{}' OR facts <> '{}' OR consent_subjects <> '{}')
UNION ALL SELECT 'match' FROM matches WHERE tenant_id = :tenant AND (click_id IS NOT NULL OR candidates <> '[]')
UNION ALL SELECT 'sent' FROM deliveries WHERE tenant_id = :tenant AND octet_length(payload) > 0
UNION ALL SELECT 'answer' FROM dispatch_attempts WHERE tenant_id = :tenant AND response IS NOT NULL
UNION ALL SELECT 'webhook' FROM received_webhooks WHERE tenant_id = :tenant AND octet_length(body) > 0
"""
_ALL = {"event", "buyer", "match", "sent", "answer", "webhook"}


async def of_people(tenant_id: object) -> set[str]:
    return {row["what"] for row in await rows(_OF_PEOPLE, tenant=tenant_id)}


async def ended(shop: Shop) -> None:
    async with transaction() as session:
        name = (await session.get_one(Tenant, shop.tenant_id)).name
        await closing.close(session, shop.tenant_id, name=name, actor="test", now=clock.now())


async def ran(shop: Shop) -> list[tuple[int, str | None]]:
    return [(row.rows, row.error) for row in await run_all([Kind.CLOSED_SHOPS], shop.settings) if row.rows or row.error]


async def neighbour(shop: Shop) -> Any:
    """An open shop with a visit of its own, in the same partition."""
    async with transaction() as session:
        made = await tenants.create(session, "Outra", actor="test")
    await rows(
        "INSERT INTO tracking_events SELECT gen_random_uuid(), received_at, :other, kind, gen_random_uuid()::text,"
        " click_id, session_id, email_hash, phone_hash, client_ip, user_agent, url, referrer, fbc, fbp, consent_ads,"
        " is_bot, details FROM tracking_events RETURNING 1",
        other=made.tenant_id,
    )
    return made.tenant_id


async def test_within_two_hours_nothing_of_a_person_is_left_and_the_ledger_is(shop: Shop) -> None:
    later()  # the clock stands
    await sold(shop, "HP1")
    other = await neighbour(shop)
    async with transaction() as session:
        asked = await privacy.ask(
            session, shop.tenant_id, identifier("email", "hp1@loja.example"), actor="test", now=clock.now()
        )
    before, money = await totals(shop), await rows("SELECT sale_id, status, amount, currency FROM conversions")
    assert await of_people(shop.tenant_id) == _ALL
    await ended(shop)
    async with transaction() as session:
        request = await session.get_one(PrivacyRequest, asked.id)
        assert (request.state, request.sealed) == ("closed", None)
    later(seconds=closed.GRACE.total_seconds() - 1)
    assert await ran(shop) == []
    assert await of_people(shop.tenant_id) >= {"event", "buyer"}
    later(hours=1)
    [(gone, error)] = await ran(shop)
    assert (gone > 0, error) == (True, None)
    assert await of_people(shop.tenant_id) == set()
    assert await of_people(other) == {"event"}
    assert await totals(shop) == before
    assert await rows("SELECT sale_id, status, amount, currency FROM conversions") == money
    assert await ran(shop) == []  # marked: nobody looks again
