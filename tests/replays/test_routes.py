"""Replays over HTTP: the tenant's, and the operators' over all tenants."""

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.pipeline.conftest import Shop
from tests.replays.letters import REFUSED, another_shop, bearer, bury, later, states
from tracking_core.db.engine import transaction
from tracking_core.i18n import translate
from tracking_core.kit.ids import new_id
from tracking_core.models import StaffRole
from tracking_core.staff import service as staff
from tracking_core.worker.doorbell import Bell, Doorbell

_REPLAY, _OPERATIONS = "/api/v1/dead-letters/replay", "/api/v1/operations/replays"
Headers = dict[str, str]


@pytest.fixture
async def key(client: httpx.AsyncClient, shop: Shop) -> Headers:
    return await bearer(shop)


async def of_staff(role: StaffRole, name: str = "Bia") -> Headers:
    async with transaction() as session:
        made = await staff.create(session, name, role, actor="test")
    return {"Authorization": f"Bearer {made.key}"}


async def post(client: httpx.AsyncClient, path: str, headers: Headers, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def test_the_answer_of_a_replay_is_what_it_was_and_says_where_to_watch_it(
    client: httpx.AsyncClient, shop: Shop, key: Headers
) -> None:
    await bury(shop, 3)
    said = await post(client, _REPLAY, key)
    assert (said["replayed"], said["too_late"], said["state"]) == (3, 0, "done")
    watched = (await client.get(f"/api/v1/replays/{said['replay_id']}", headers=key)).json()
    assert watched["progress"] == {
        "waiting": 3,
        "retrying": 0,
        "on_hold": 0,
        "disabled": 0,
        "delivered": 0,
        "withheld": 0,
        "dead": 0,
        "moved_on": 0,
    }
    assert (watched["by"], watched["found"], watched["replayed"], watched["reasons"]) == ("tenant", 3, 3, [])
    assert not {"actor", "tenant_id"} & set(watched)


async def test_preview_then_replay_of_exactly_that(client: httpx.AsyncClient, shop: Shop, key: Headers) -> None:
    await bury(shop, 2)
    shown = await post(client, f"{_REPLAY}/preview", key, reason="payload")
    [reason] = shown["reasons"]
    assert (reason["reason"], reason["found"], reason["replayable"]) == (REFUSED, 2, 2)
    assert translate(reason["explanation"]["en"]) == reason["explanation"]["pt-BR"]
    assert [one["dataset_id"] for one in shown["connections"]] == ["1234567890"]
    later(minutes=5)
    await bury(shop, 1)
    asked = {"reason": "payload", "seen_until": shown["seen_until"], "digest": shown["digest"]}
    assert (await post(client, _REPLAY, key, **asked))["replayed"] == 2
    refused = await client.post(_REPLAY, json=asked, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (409, "dead_letters_changed")
    assert await states(shop) == {"waiting": 2, "dead": 1}


async def test_a_tenant_lists_its_own_newest_first_and_reads_nobody_elses(
    client: httpx.AsyncClient, shop: Shop, key: Headers
) -> None:
    other = await another_shop(shop)
    theirs = await post(client, _REPLAY, await bearer(other))
    letters = await bury(shop, 1)
    made = [await post(client, _REPLAY, key, ids=[str(letters[0])]), await post(client, _REPLAY, key, reason="x")]
    listed = (await client.get("/api/v1/replays", headers=key)).json()["items"]
    assert [one["replay_id"] for one in listed] == [one["replay_id"] for one in reversed(made)]
    assert [(one["filter"], one["named"]) for one in listed] == [({"reason": "x"}, None), ({}, 1)]
    page = await client.get("/api/v1/replays", params={"before": listed[0]["created_at"]}, headers=key)
    assert [one["replay_id"] for one in page.json()["items"]] == [made[0]["replay_id"]]
    for unknown in (theirs["replay_id"], str(new_id())):
        answer = await client.get(f"/api/v1/replays/{unknown}", headers=key)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"reasons": "payload"},  # misspelt, it would mean all of them
        {"reason": "a%"},
        {"digest": "x"},
        {"seen_until": "9999-12-31T23:59:59-05:00"},
        {"tenant_id": str(new_id())},
    ],
)
async def test_what_is_no_filter_is_refused_and_nothing_is_replayed(
    client: httpx.AsyncClient, shop: Shop, key: Headers, body: dict[str, str]
) -> None:
    await bury(shop, 1)
    answer = await client.post(_REPLAY, json=body, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert await states(shop) == {"dead": 1}


async def test_an_operator_previews_replays_and_watches_over_all_tenants(
    client: httpx.AsyncClient, shop: Shop, key: Headers
) -> None:
    other, operator = await another_shop(shop), await of_staff(StaffRole.OPERATOR)
    await bury(shop, 2)
    await bury(other, 3)
    shown = await post(client, f"{_OPERATIONS}/preview", operator)
    assert (shown["found"], {one["tenant_id"] for one in shown["connections"]}) == (
        5,
        {str(shop.tenant_id), str(other.tenant_id)},
    )
    one = await post(client, _OPERATIONS, operator, tenant_id=str(other.tenant_id), reason="payload")
    everybody = await post(client, _OPERATIONS, operator, seen_until=shown["seen_until"])
    assert (one["replayed"], everybody["replayed"]) == (3, 2)
    listed = (await client.get(_OPERATIONS, headers=operator)).json()["items"]
    assert [(row["tenant_id"], row["actor"], row["by"]) for row in listed] == [
        (None, "staff:Bia", "operator"),
        (str(other.tenant_id), "staff:Bia", "operator"),
    ]
    watched = (await client.get(f"{_OPERATIONS}/{everybody['replay_id']}", headers=operator)).json()
    assert watched["progress"]["waiting"] == 2
    seen_by_tenant = (await client.get("/api/v1/replays", headers=await bearer(other))).json()["items"]
    assert [(row["by"], "actor" in row) for row in seen_by_tenant] == [("operator", False)]
    assert (await client.get("/api/v1/replays", headers=key)).json()["items"] == []


async def test_a_tenant_that_is_none_is_not_all_of_them(client: httpx.AsyncClient, shop: Shop, key: Headers) -> None:
    operator = await of_staff(StaffRole.OPERATOR)
    await bury(shop, 1)
    for path in (_OPERATIONS, f"{_OPERATIONS}/preview"):
        answer = await client.post(path, json={"tenant_id": str(new_id())}, headers=operator)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await states(shop) == {"dead": 1}


async def test_operations_are_for_operators(client: httpx.AsyncClient, shop: Shop, key: Headers) -> None:
    await bury(shop, 1)
    support = await of_staff(StaffRole.SUPPORT)
    expected = [(support, 403, "forbidden"), (key, 401, "unauthorized"), ({}, 401, "unauthorized")]
    for headers, status, code in expected:
        for path in (_OPERATIONS, f"{_OPERATIONS}/preview"):
            answer = await client.post(path, json={}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        for path in (_OPERATIONS, f"{_OPERATIONS}/{new_id()}"):
            assert (await client.get(path, headers=headers)).status_code == status
    assert await states(shop) == {"dead": 1}


async def test_the_rest_of_a_large_replay_is_rung_for_and_its_state_says_so(
    client: httpx.AsyncClient, shop: Shop, key: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking_core.delivery.replay.AT_ONCE", 2)
    redis = Redis.from_url(shop.settings.redis_url)
    await redis.flushdb()
    await redis.aclose()
    await bury(shop, 3)
    said = await post(client, _REPLAY, key)
    assert (said["state"], said["found"], said["replayed"]) == ("running", 3, 2)
    doorbell = Doorbell(shop.settings)
    bells = [await doorbell.answer() for _ in range(2)]
    await doorbell.close()
    assert set(bells) == {(Bell.DELIVER, str(shop.connection_id)), (Bell.REPLAY, said["replay_id"])}
    watched = (await client.get(f"/api/v1/replays/{said['replay_id']}", headers=key)).json()
    assert (watched["state"], watched["finished_at"], watched["progress"]["waiting"]) == ("running", None, 2)
