"""What somebody who asks may cost the process: one connection for a tenant, few messages opened, and never its loop."""

import asyncio
import threading
from typing import Any

import pytest

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows
from tests.privacy.planted import EMAIL, OTHER, planned
from tests.privacy.test_erasure import searched
from tracking_core.db.engine import transaction
from tracking_core.models import PrivacyState
from tracking_core.privacy import sealed, service, webhook_keys
from tracking_core.privacy.errors import AskedAtOnce, StillReading


async def test_one_person_of_a_shop_is_looked_for_at_a_time_over_one_connection(
    ana: Shop, beto: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, plan = asyncio.Event(), asyncio.Event(), service._planned

    async def held(session: Any, tenant: Any, identifier: Any) -> Any:
        if tenant.id == ana.tenant_id:
            begun.set()
            await may_end.wait()
        return await plan(session, tenant, identifier)

    def second() -> None:
        raise AssertionError("a connection while the first is held")

    await ana.webhook("HP-1", email=EMAIL)
    monkeypatch.setattr(service, "_planned", held)
    monkeypatch.setattr(webhook_keys, "transaction", second)
    first = asyncio.create_task(planned(ana, "email", EMAIL))
    await begun.wait()
    with pytest.raises(AskedAtOnce):
        await planned(ana, "email", OTHER)
    assert (await planned(beto, "email", OTHER)).state == PrivacyState.PLANNED
    may_end.set()
    assert (await first).plan["rows"] == 2  # the message and by what it is found
    assert (await planned(ana, "email", OTHER)).state == PrivacyState.PLANNED


async def test_another_process_that_looks_for_somebody_is_not_waited_for_long(ana: Shop) -> None:
    async with transaction() as session:
        await service._locked(session, ana.tenant_id)
        with pytest.raises(AskedAtOnce):
            await planned(ana, "email", EMAIL)


async def test_after_an_upgrade_the_worker_looks_through_all_there_is_and_whoever_asks_comes_back(
    ana: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await ana.webhook(f"HP-{number}", email=EMAIL)
    await ana.process()
    await rows("UPDATE received_webhooks SET received_at = now() - interval '2 days' RETURNING id")
    monkeypatch.setattr(webhook_keys, "_AT_ONCE", 2)
    monkeypatch.setattr(webhook_keys, "BATCH", 2)
    with pytest.raises(StillReading):
        await planned(ana, "email", EMAIL)
    assert [await webhook_keys.read_on() for _ in range(2)] == [3, 0]
    found = {item["table"]: item["rows"] for item in (await planned(ana, "email", EMAIL)).plan["items"]}
    assert found["received_webhooks"] == 3


async def test_sealed_values_are_opened_beside_the_loop(ana: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, its_turn, clear = asyncio.get_running_loop(), threading.Event(), sealed._clear

    def waiting(*args: Any) -> bytes | None:
        loop.call_soon_threadsafe(its_turn.set)
        assert its_turn.wait(5), "the loop stands still"
        return clear(*args)

    await ana.webhook("HP-1", email=EMAIL)
    monkeypatch.setattr(sealed, "_clear", waiting)
    assert [find.table for find in (await searched(ana, "email", EMAIL)).found] == ["public.received_webhooks"]
