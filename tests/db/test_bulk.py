"""Many rows in one statement: every type arrives as it was, and only new rows are told."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from tests.pipeline.conftest import Shop
from tracking_core.db import bulk
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import DedupeEntry, Delivery, Match


async def test_bytes_times_numbers_and_documents_arrive_as_they_were(shop: Shop) -> None:
    await shop.webhook("HPBULK")
    await shop.process()
    async with transaction() as session:
        [conversion_id] = (await session.execute(text("SELECT id FROM conversions"))).scalars().all()
        row = {
            "conversion_id": conversion_id,
            "tenant_id": shop.tenant_id,
            "rule": 'a "quoted" rule\\ with ção',
            "score": Decimal("0.125"),
            "threshold": Decimal("0.600"),
            "candidates": [{"kind": "click", "n": 1}],
            "missing": ["ip"],
            "matched_at": clock.now(),
        }
        await bulk.insert(session, Match, [row], conflict=bulk.replacing("conversion_id", [*row][1:]))
    async with transaction() as session:
        stored = await session.get_one(Match, conversion_id)
    assert stored.model_dump(include=set(row)) == row


async def test_the_payload_of_a_delivery_is_stored_byte_for_byte(shop: Shop) -> None:
    payload = bytes(range(256))
    now = clock.now()
    row = {
        "id": new_id(),
        "tenant_id": shop.tenant_id,
        "connection_id": shop.connection_id,
        "event_name": "Purchase",
        "event_id": "x",
        "event_time": now,
        "payload": payload,
        "state": "waiting",
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
    async with transaction() as session:
        await bulk.insert(session, Delivery, [row])
    async with transaction() as session:
        stored = await session.get_one(Delivery, row["id"])
    assert (bytes(stored.payload), stored.due_at) == (payload, now)


async def test_only_new_rows_are_told_and_nothing_is_asked_for_none(shop: Shop) -> None:
    keys = [UUID(int=n) for n in range(3)]
    rows = [{"tenant_id": shop.tenant_id, "key": key, "scope": "test", "claimed_at": clock.now()} for key in keys]
    async with transaction() as session:
        assert await bulk.insert(session, DedupeEntry, [], returning="key") == ()
        assert {key for (key,) in await bulk.insert(session, DedupeEntry, rows[:2], returning="key")} == set(keys[:2])
        assert {key for (key,) in await bulk.insert(session, DedupeEntry, rows, returning="key")} == {keys[2]}
