"""While a person is erased: somebody asks again, a gateway speaks of them, a step fails."""

import asyncio
from typing import Any

import pytest
from psycopg.errors import AdminShutdown, DeadlockDetected, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows, track
from tests.privacy.planted import EMAIL, FBP, OTHER, approved, planned, read
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, TrackingKind
from tracking_core.pipeline.browser_events import plan_batch
from tracking_core.privacy import applying, erase, verify
from tracking_core.privacy.failures import Failure, failure_of

_WAITS = (
    "SELECT count(*) AS waits FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def running(ana: Shop) -> PrivacyRequest:
    """Of the buyer of one sale, approved."""
    await ana.webhook("HP-MARIA-0001", email=EMAIL)
    await ana.process()
    return await approved(ana, await planned(ana, "email", EMAIL))


async def drained(shop: Shop, row: PrivacyRequest) -> PrivacyRequest:
    async for _ in erase.drain_request(row.id, shop.settings):
        pass
    return await read(row.id)


async def test_whoever_asks_during_the_search_is_answered_at_once(
    ana: Shop, running: PrivacyRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, search = [], verify.search

    async def meanwhile(*args: Any, **kwargs: Any) -> verify.Searched:
        asked.append(await planned(ana, "email", EMAIL))
        asked.append(await planned(ana, "email", OTHER))
        return await search(*args, **kwargs)

    monkeypatch.setattr(verify, "search", meanwhile)
    assert (await drained(ana, running)).state == PrivacyState.DONE
    same, other = asked
    assert (same.id, same.state, other.state) == (running.id, PrivacyState.RUNNING, PrivacyState.PLANNED)


async def test_what_a_gateway_says_between_the_approval_and_the_end_is_erased_too(
    ana: Shop, running: PrivacyRequest
) -> None:
    await ana.webhook("HP-MARIA-0001", "refunded", email=EMAIL)
    await ana.webhook("HP-MARIA-0002", email=EMAIL)
    done = await drained(ana, running)
    assert (done.state, done.searches, done.receipt["searched"]["found"]) == (PrivacyState.DONE, 2, [])
    assert await rows("SELECT id FROM received_webhooks WHERE octet_length(body) > 0") == []


async def test_an_event_that_is_being_planned_meanwhile_is_met_by_a_further_pass(ana: Shop) -> None:
    async with transaction() as session:
        await session.execute(text("UPDATE meta_connections SET browser_events = '{pageview}'"))
    await track(ana, TrackingKind.PAGEVIEW, email=EMAIL, fbp=FBP)
    row = await approved(ana, await planned(ana, "email", EMAIL))
    async with transaction() as session:
        progress = await plan_batch(session, ana.connection_id, None, clock.now())
        assert progress is not None
        assert progress.planned == 1
        erasing = asyncio.create_task(drained(ana, row))
        while not (await rows(_WAITS))[0]["waits"]:
            await asyncio.wait([erasing], timeout=0.02)
            assert not erasing.done()
    done = await erasing
    assert (done.state, done.receipt["searched"]["found"]) == (PrivacyState.DONE, [])
    assert await rows("SELECT id FROM deliveries WHERE payload <> CAST('{}' AS bytea)") == []


async def test_a_statement_that_takes_too_long_again_and_again_ends_the_request(
    ana: Shop, running: PrivacyRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endless(session: Any, *_: Any, **__: Any) -> int:
        await session.execute(text("SET LOCAL statement_timeout = '1ms'"))
        await session.execute(text("SELECT pg_sleep(5)"))
        return 0

    monkeypatch.setattr(erase, "apply", endless)
    for _ in range(4):
        with pytest.raises(OperationalError):
            await drained(ana, running)
    ended = await drained(ana, running)
    assert (ended.state, ended.failures, ended.sealed) == (PrivacyState.FAILED, 5, None)


async def test_a_deadlock_is_tried_again_and_counts_when_it_stays(
    ana: Shop, running: PrivacyRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = 5

    async def locked(*args: Any, **kwargs: Any) -> int:
        nonlocal met
        if met:
            met -= 1
            raise OperationalError("", {}, DeadlockDetected())
        return await applying.apply(*args, **kwargs)

    monkeypatch.setattr(erase, "apply", locked)
    with pytest.raises(OperationalError):
        await drained(ana, running)
    done = await drained(ana, running)  # met twice more
    assert (done.state, done.failures) == (PrivacyState.DONE, 1)


def test_a_server_that_is_away_is_no_failure_of_the_request() -> None:
    seen = [failure_of(OperationalError("", {}, one())) for one in (AdminShutdown, DeadlockDetected, QueryCanceled)]
    assert seen == [Failure.AWAY, Failure.MET, Failure.OURS]
    assert failure_of(ConnectionResetError()) is Failure.AWAY
    assert failure_of(KeyError()) is Failure.OURS
