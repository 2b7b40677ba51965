"""The route: who may watch, where a stream begins, how it ends, and that it leaves nothing behind."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from sqlalchemy import text

from api import protocol
from tests.streams.conftest import Shop, backends, happen, happen_many, new_shop, until
from tests.streams.replica import Replica
from tests.streams.watcher import events_url, watching
from tracking_core.db.engine import transaction
from tracking_core.kit.ids import new_id
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType, append_many
from tracking_core.streams.follow import Limits


@pytest.fixture
async def replica(database: Settings) -> AsyncIterator[Replica]:
    async with Replica() as one:
        yield one


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False, timeout=10) as one:
        yield one


async def test_who_may_watch(replica: Replica, client: httpx.AsyncClient, shop: Shop) -> None:
    url, other = events_url(replica.url, shop.session_id), await new_shop()
    asked = {
        401: [(url, {}), (url, {"Authorization": "Bearer sk_hub_nobody"}), (url, {"Authorization": "Basic eA=="})],
        403: [(url, other.bearer)],
        404: [(events_url(replica.url, new_id()), shop.bearer)],
    }
    for status, requests in asked.items():
        for address, headers in requests:
            answer = await client.get(address, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (await client.get(url, headers=other.bearer)).json()["code"] == "forbidden"


async def test_a_fresh_stream_begins_with_the_state_and_says_how_to_come_back(replica: Replica, shop: Shop) -> None:
    await happen_many(shop.session_id, 2)
    async with watching(replica.url, shop) as watcher:
        await watcher.read_to(2)
    assert watcher.response.headers["content-type"].startswith("text/event-stream")
    assert watcher.response.headers["cache-control"] == "no-store"
    assert watcher.response.headers["x-accel-buffering"] == "no"
    assert [(one.id, one.event, one.data) for one in watcher.heard] == [
        ("2", "state", {"state": "created", "true_for": 2})
    ]
    assert watcher.retries == [2000]


async def test_a_head_request_has_the_headers_and_takes_no_place(
    database: Settings, client: httpx.AsyncClient, shop: Shop
) -> None:
    async with Replica(Limits(per_tenant=1)) as replica:
        for _ in range(3):
            answer = await client.head(events_url(replica.url, shop.session_id), headers=shop.bearer)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("absurd", ["-1", "99999999999999999999999999", "6", "NaN", "1; DROP TABLE", "٣"])
async def test_an_absurd_last_event_id_is_a_fresh_connect(
    replica: Replica, client: httpx.AsyncClient, shop: Shop, absurd: str
) -> None:
    await happen_many(shop.session_id, 5)
    request = client.build_request("GET", events_url(replica.url, shop.session_id), headers=shop.bearer)
    request.headers.raw.append((b"Last-Event-ID", absurd.encode()))
    response = await client.send(request, stream=True)
    async for line in response.aiter_lines():
        if line.startswith("event"):
            assert line == "event: state"
            break
    await response.aclose()


async def test_the_number_may_stand_in_the_query_and_the_header_wins(
    replica: Replica, client: httpx.AsyncClient, shop: Shop
) -> None:
    last = await happen_many(shop.session_id, 6, last=EventType.END)
    url = events_url(replica.url, shop.session_id)
    by_query = await client.get(url, headers=shop.bearer, params={"last_event_id": 4})
    both = await client.get(url, headers={**shop.bearer, "Last-Event-ID": "5"}, params={"last_event_id": 1})
    assert [line for line in by_query.text.splitlines() if line.startswith("id")] == ["id: 5", f"id: {last}"]
    assert [line for line in both.text.splitlines() if line.startswith("id")] == [f"id: {last}"]


async def test_the_end_closes_the_stream_and_whoever_comes_back_after_it_is_told_not_to(
    replica: Replica, client: httpx.AsyncClient, shop: Shop
) -> None:
    async with watching(replica.url, shop) as watcher:
        reading = asyncio.create_task(watcher.read())
        await until(lambda: bool(watcher.heard))
        await happen(shop.session_id)
        last = await happen(shop.session_id, EventType.END)
        heard = await reading
    assert [one.event for one in heard] == ["state", "step.status", "end"]
    url = events_url(replica.url, shop.session_id)
    again = await client.get(url, headers={**shop.bearer, "Last-Event-ID": str(last)})
    assert (again.status_code, again.content) == (204, b"")
    fresh = await client.get(url, headers=shop.bearer)
    assert [line for line in fresh.text.splitlines() if line.startswith("event")] == ["event: state", "event: end"]


async def test_cut_at_every_event_and_resumed_on_the_other_replica(replica: Replica, shop: Shop) -> None:
    async with Replica() as other:
        urls, ids, after = [replica.url, other.url], list[int](), 0
        for number in range(1, 31):
            async with watching(urls[number % 2], shop, after=after) as watcher, asyncio.TaskGroup() as group:
                group.create_task(happen(shop.session_id))
                group.create_task(watcher.read_to(number))
            ids += watcher.ids
            after = ids[-1]
        assert ids == list(range(1, 31))


async def test_a_quiet_stream_is_kept_open_by_comments(database: Settings, shop: Shop) -> None:
    async with Replica(Limits(ping_seconds=0.1)) as replica, watching(replica.url, shop) as watcher:
        await watcher.read(lambda: len(watcher.comments) == 3)
    assert watcher.comments == ["ping"] * 3
    assert [one.event for one in watcher.heard] == ["state"]


async def test_a_revoked_key_ends_the_stream_and_opens_none(
    database: Settings, client: httpx.AsyncClient, shop: Shop
) -> None:
    async with Replica(Limits(recheck_seconds=0.2)) as replica, watching(replica.url, shop) as watcher:
        reading = asyncio.create_task(watcher.read())
        await asyncio.sleep(0.6)
        assert not reading.done()
        async with transaction() as session:
            await session.execute(text("UPDATE api_keys SET revoked_at = now()"))
        assert [one.event for one in await reading] == ["state"]
        answer = await client.get(events_url(replica.url, shop.session_id), headers=shop.bearer)
        assert answer.status_code == 401


async def test_a_tenant_has_so_many_streams_and_each_way_out_gives_one_back(
    database: Settings, client: httpx.AsyncClient, shop: Shop
) -> None:
    other = await new_shop()
    async with Replica(Limits(per_tenant=2)) as replica:
        url = events_url(replica.url, shop.session_id)
        async with watching(replica.url, shop) as one, watching(replica.url, shop) as two:
            reading = asyncio.gather(one.read(), two.read())
            await until(lambda: bool(one.heard and two.heard))
            refused = await client.get(url, headers=shop.bearer)
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert refused.headers["retry-after"] == "10"
            async with watching(replica.url, other) as elsewhere:
                await elsewhere.read_to(0)
            reading.cancel()
        await until(lambda: replica.connections <= 1)  # that of ``client``
        await happen(shop.session_id, EventType.END)
        for _ in range(3):
            assert (await client.get(url, headers=shop.bearer)).status_code == 200


async def test_fifty_streams_hear_an_event_and_hold_no_connection_of_the_database(
    replica: Replica, shop: Shop, dsn: str
) -> None:
    async with watching(replica.url, shop) as first:
        await first.read_to(0)
    await until(lambda: replica.connections == 0)
    tasks = len(asyncio.all_tasks())
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(replica.url, shop)) for _ in range(50)]
        readings = [asyncio.create_task(watcher.read()) for watcher in watchers]
        await until(lambda: all(watcher.heard for watcher in watchers))
        before = len(backends(dsn))
        for _ in range(5):
            await happen(shop.session_id)
        await until(lambda: all(len(watcher.heard) == 6 for watcher in watchers))
        assert len(backends(dsn)) <= before
        assert len(backends(dsn, "hub streams")) == 1
        await happen(shop.session_id, EventType.END)
        await asyncio.gather(*readings)
    assert [watcher.ids for watcher in watchers] == [list(range(7))] * 50
    await until(lambda: replica.connections == 0)
    await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_a_client_that_takes_nothing_is_dropped(
    database: Settings, client: httpx.AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_TAKES_NOTHING_MS", 1_000)
    async with transaction() as session:
        large = {"text": "x" * 16_000}
        await append_many(session, shop.session_id, [(EventType.STEP_STATUS, large)] * 600)
    async with Replica(Limits(per_tenant=1, send_seconds=0.5)) as replica:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(replica.address)
            path = f"/api/v1/setup/sessions/{shop.session_id}/events?last_event_id=0"
            said = f"GET {path} HTTP/1.1\r\nHost: hub.test\r\nAuthorization: Bearer {shop.secret_key}\r\n\r\n"
            deaf.sendall(said.encode())
            await until(lambda: replica.connections == 1)
            await until(lambda: replica.connections == 0)
        async with watching(replica.url, shop) as watcher:
            assert watcher.response.status_code == 200
