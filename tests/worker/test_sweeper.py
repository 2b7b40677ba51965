"""Setups are looked for after sales and apart from them, those that have waited longest first."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.pipeline.conftest import Shop
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import SetupIntent
from tracking_core.setup import inbox, sessions
from tracking_core.setup.inbox import IntentKind
from tracking_core.worker import sweeper
from tracking_core.worker.doorbell import Bell


async def _queued(shop: Shop, minutes_ago: int) -> UUID:
    async with transaction() as session:
        owner = await sessions.create(session, shop.tenant_id, caller=shop.tenant_id, actor="test")
        intent, _ = await inbox.enqueue(session, owner, IntentKind.PROVE, {}, actor="test")
        row = await session.get_one(SetupIntent, intent.id)
        row.created_at = clock.now() - timedelta(minutes=minutes_ago)
    return owner.id


async def test_the_oldest_setups_are_rung_for_and_the_rest_at_another_turn(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_DUE_LIMIT", 2)
    queued = {minutes: await _queued(shop, minutes) for minutes in (1, 3, 2)}
    bells: list[tuple[Bell, str]] = []
    await sweeper.sweep(lambda bell, key: bells.append((bell, key)))
    assert bells == [(Bell.SETUP, str(queued[3])), (Bell.SETUP, str(queued[2]))]


async def test_setups_that_take_too_long_to_find_do_not_keep_sales(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(session: AsyncSession, _now: object) -> list[UUID]:
        await session.execute(text("SELECT pg_sleep(20)"))
        return []

    monkeypatch.setattr(sweeper, "due_sessions", slow)
    await shop.webhook("HPSWEEP")
    bells: list[tuple[Bell, str]] = []
    with pytest.raises(OperationalError, match="statement timeout"):
        await sweeper.sweep(lambda bell, key: bells.append((bell, key)))
    assert bells == [(Bell.PROCESS_SALES, "")]
