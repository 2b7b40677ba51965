"""Numbers without gaps in commit order, one bell for each commit, nothing in clear and nothing without bound."""

import asyncio
import random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event, text

from tests.streams.conftest import Shop, happen
from tracking_core.db.engine import engine, transaction
from tracking_core.errors import NotFound
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupSession
from tracking_core.streams.append import CHANNEL, MAX_DATA_BYTES, EventTooLarge, EventType, append, append_many


async def stored(session_id: UUID) -> list[tuple[int, str, dict[str, Any]]]:
    query = text("SELECT seq, type, data FROM session_events WHERE session_id = :id ORDER BY seq")
    async with transaction() as session:
        return [tuple(row) for row in await session.execute(query, {"id": session_id})]


async def test_many_are_numbered_in_the_order_given_in_one_round_trip(shop: Shop) -> None:
    statements: list[str] = []
    given = [(EventType.TOOL_STARTED, {"n": 1}), (EventType.TOOL_FINISHED, {"n": 2}), (EventType.END, {})]
    async with transaction() as session:
        await session.execute(text("SELECT 1"))
        event.listen(engine().sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        assert await append_many(session, shop.session_id, given) == 3
    assert len(statements) == 1
    assert await stored(shop.session_id) == [(n, type_, data) for n, (type_, data) in enumerate(given, 1)]


async def test_a_session_made_in_the_same_transaction_has_events_at_once(shop: Shop) -> None:
    async with transaction() as session:
        owner = SetupSession(tenant_id=shop.tenant_id, created_by="test")
        session.add(owner)
        assert await append(session, owner.id, EventType.STATE, {}) == 1


async def test_an_unknown_session_has_no_events(shop: Shop) -> None:
    with pytest.raises(NotFound):
        await happen(new_id())


async def test_concurrent_appends_leave_no_gap_not_even_where_they_are_rolled_back(shop: Shop) -> None:
    random_, kept = random.Random(7), 0

    async def one(number: int, fails: bool) -> int:
        try:
            async with transaction() as session:
                await append(session, shop.session_id, EventType.STEP_STATUS, {"n": number})
                await asyncio.sleep(random_.random() / 100)
                if fails:
                    raise RuntimeError
        except RuntimeError:
            return 0
        return 1

    kept = sum(await asyncio.gather(*[one(number, number % 3 == 0) for number in range(60)]))
    assert kept == 40
    assert [seq for seq, *_ in await stored(shop.session_id)] == list(range(1, kept + 1))


async def test_a_commit_rings_once_for_each_session_and_a_rollback_never(shop: Shop, dsn: str) -> None:
    async with transaction() as session:
        other = SetupSession(tenant_id=shop.tenant_id, created_by="test")
        session.add(other)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        async with transaction() as session:
            await append(session, shop.session_id, EventType.ERROR, {})
            await session.rollback()
        async with transaction() as session:
            for _ in range(3):
                await append(session, shop.session_id, EventType.STEP_STATUS, {})
            await append(session, other.id, EventType.STEP_STATUS, {})
        await happen(shop.session_id)
        rung = [notify.payload async for notify in connection.notifies(timeout=5, stop_after=3)]
        assert [notify async for notify in connection.notifies(timeout=0.1)] == []
    assert sorted(rung) == sorted([str(shop.session_id)] * 2 + [str(other.id)])


async def test_what_looks_like_a_secret_is_masked_at_any_depth(shop: Shop) -> None:
    planted = ["EAABsbCS1iHgBAplanted", "sk_hub_planted1234", "maria@example.com"]
    reference = f"secret:{new_id()}"
    data = {"reason": f"got {planted[0]}", "deep": [{planted[1]: (planted[2], 7)}], "reference": reference}
    await happen(shop.session_id, EventType.ERROR, **data, error=ValueError(planted[1]))
    [(_, _, kept)] = await stored(shop.session_id)
    assert not any(secret in str(kept) for secret in planted)
    assert kept["reason"] == "got ***"
    assert kept["reference"] == reference


async def test_text_that_json_of_postgresql_cannot_hold_is_stored_all_the_same(shop: Shop) -> None:
    await happen(shop.session_id, EventType.ERROR, reason="a\0b\ud800c", amount=float("nan"))
    [(_, _, kept)] = await stored(shop.session_id)
    assert kept == {"reason": "a\ufffdb?c", "amount": None}


async def test_data_is_bounded(shop: Shop) -> None:
    await happen(shop.session_id, text="ã" * ((MAX_DATA_BYTES - len('{"text":""}')) // 2))
    with pytest.raises(EventTooLarge):
        await happen(shop.session_id, text="x" * MAX_DATA_BYTES)
    assert len(await stored(shop.session_id)) == 1
