"""Meta's own SDK as a client, strict registration in-process, and where the simulator is still laxer than Meta."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State

_HASH = hashlib.sha256(b"buyer@example.com").hexdigest()
_DATASET, _TOKEN, _SECRET = "1234567890", "EAATest", "app-secret"


def event(**changes: Any) -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": "sale-1",
        "action_source": "website",
        "user_data": {"em": _HASH},
        "custom_data": {"value": 197.9, "currency": "BRL"},
    } | changes


@pytest.fixture
def sdk(base_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FacebookAdsApi]:
    before = FacebookAdsApi.get_default_api()
    monkeypatch.setattr(FacebookSession, "GRAPH", base_url)
    api = FacebookAdsApi.init(access_token=_TOKEN, crash_log=False, timeout=5)
    api._session.requests.trust_env = False
    yield api
    api._session.requests.close()
    FacebookAdsApi.set_default_api(before)


def sdk_event(event_id: str, *, event_time: int | None = None) -> Event:
    return Event(
        event_name="Purchase",
        event_time=event_time or int(time.time()),
        event_id=event_id,
        action_source=ActionSource.WEBSITE,
        user_data=UserData(email="Buyer@Example.com", external_id="USER-1"),
        custom_data=CustomData(value=197.9, currency="BRL"),
    )


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("count", [1, 25])
def test_the_official_sdk_sends_one_event_and_a_batch(meta: httpx.Client, count: int) -> None:
    sent = [f"sale-{at}" for at in range(count)]
    answer = EventRequest(pixel_id=_DATASET, events=[sdk_event(one) for one in sent]).execute()
    assert (answer.events_received, bool(answer.fbtrace_id)) == (count, True)
    found = [one["event"] for one in meta.get("/_control/events").json()["events"]]
    assert [one["event_id"] for one in found] == sent
    assert found[0]["user_data"]["em"] == [_HASH]


@pytest.mark.usefixtures("sdk")
def test_the_official_sdk_reads_a_refusal(meta: httpx.Client) -> None:
    old = sdk_event("old", event_time=int(time.time()) - 8 * 86_400)
    with pytest.raises(FacebookRequestError) as refused:
        EventRequest(pixel_id=_DATASET, events=[sdk_event("good"), old]).execute()
    error = refused.value
    assert (error.http_status(), error.api_error_code(), error.api_error_subcode()) == (400, 100, 2804003)
    assert meta.get("/_control/events").json()["events"] == []


def in_process() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(State())), base_url="http://simulator")


async def register(client: httpx.AsyncClient) -> None:
    dataset = {"dataset_id": _DATASET, "access_token": _TOKEN, "app_secret": _SECRET}
    assert (await client.post("/_control/datasets", json=dataset)).is_success


async def code_of(client: httpx.AsyncClient, dataset: str, token: str, **more: str) -> tuple[int, int | None]:
    """HTTP status and error code; None when the event was taken."""
    body = {"data": [event()], "access_token": token, **more}
    answer = await client.post(f"/v26.0/{dataset}/events", json=body)
    return answer.status_code, answer.json().get("error", {}).get("code")


async def test_a_registered_dataset_wants_its_own_token_and_the_proof_of_its_app() -> None:
    proof = hmac.new(_SECRET.encode(), _TOKEN.encode(), hashlib.sha256).hexdigest()
    async with in_process() as client:
        await register(client)
        assert await code_of(client, _DATASET, "EAAOther", appsecret_proof=proof) == (401, 190)
        assert await code_of(client, _DATASET, _TOKEN) == (400, 100)
        assert await code_of(client, _DATASET, _TOKEN, appsecret_proof="0" * 64) == (400, 100)
        assert await code_of(client, _DATASET, _TOKEN, appsecret_proof=proof) == (200, None)


async def test_a_registered_token_has_no_right_to_another_dataset() -> None:
    async with in_process() as client:
        await register(client)
        assert await code_of(client, "999", _TOKEN) == (400, 100)


async def test_registering_one_dataset_leaves_the_others_open() -> None:
    async with in_process() as client:
        await register(client)
        assert await code_of(client, "999", "EAAOther") == (200, None)


_ALMOST_RIGHT: list[tuple[str, Any, int | None]] = [
    ("value is a word", event(custom_data={"value": "abc", "currency": "BRL"}), 2804009),
    ("currency is none of ISO 4217", event(custom_data={"value": 1, "currency": "ZZZ"}), 2804011),
    ("hash ends in a line break", event(user_data={"em": _HASH + "\n"}), None),
    ("action_source is a list", event(action_source=[]), None),
    ("text that is no JSON", "{", None),
]


@pytest.mark.parametrize(("bad", "subcode"), [row[1:] for row in _ALMOST_RIGHT], ids=[row[0] for row in _ALMOST_RIGHT])
def test_what_looks_almost_right_is_refused_too(meta: httpx.Client, bad: Any, subcode: int | None) -> None:
    answer = meta.post(f"/v26.0/{_DATASET}/events", json={"data": [bad], "access_token": _TOKEN})
    assert answer.status_code == 400
    assert answer.json()["error"].get("error_subcode") == subcode


def test_throttling_says_when_access_comes_back(meta: httpx.Client) -> None:
    meta.post("/_control/faults", json={"dataset_id": None, "kind": "graph_throttle", "times": 1, "params": {}})
    answer = meta.post(f"/v26.0/{_DATASET}/events", json={"data": [event()], "access_token": _TOKEN})
    assert "estimated_time_to_regain_access" in answer.headers["x-business-use-case-usage"]
