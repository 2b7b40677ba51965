"""The simulator refuses what Meta refuses, loses nothing it took, and fails on demand."""

import hashlib
import json
import time
from typing import Any

import httpx
import pytest

Json = dict[str, Any]

_DAY = 86_400
_HASH = hashlib.sha256(b"buyer@example.com").hexdigest()
_DATASET, _TOKEN = "1234567890", "EAATest"
_MONEY = {"value": 197.9, "currency": "BRL"}


def event(event_id: str = "sale-1", **changes: Any) -> Json:
    """A Purchase Meta takes; a change to None takes the key out."""
    whole = {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": event_id,
        "action_source": "website",
        "user_data": {"em": _HASH},
        "custom_data": _MONEY,
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def post(meta: httpx.Client, *events: Any, dataset: str = _DATASET, token: str = _TOKEN, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return meta.post(f"/v26.0/{dataset}/events", json={"data": list(events), **more}, headers=headers)


def numbers(answer: httpx.Response) -> tuple[int, int, int | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode")


def taken(meta: httpx.Client, **query: str) -> list[Json]:
    found: list[Json] = meta.get("/_control/events", params=query).json()["events"]
    return found


def add_fault(meta: httpx.Client, kind: str, *, times: int | None = 1, **params: Any) -> None:
    fault = {"dataset_id": None, "kind": kind, "times": times, "params": params}
    assert meta.post("/_control/faults", json=fault).is_success


_NOW = int(time.time())
_REFUSED: list[tuple[str, Json, int | None]] = [
    ("without event_name", event(event_name=None), 2804019),
    ("eight days old", event(event_time=_NOW - 8 * _DAY), 2804003),
    ("63 days old in a shop", event(event_time=_NOW - 63 * _DAY, action_source="physical_store"), 2804003),
    ("hours in the future", event(event_time=_NOW + 7_200), 2804004),
    ("in milliseconds", event(event_time=_NOW * 1_000), 2804004),
    ("time as text", event(event_time=str(_NOW)), None),
    ("unknown action source", event(action_source="web"), None),
    ("unexpected key", event(customer_segmentation="new_customer_to_business"), None),
    ("without value", event(custom_data={"currency": "BRL"}), 2804009),
    ("without currency", event(custom_data={"value": 1}), 2804010),
    ("refused currency", event(custom_data={"value": 1, "currency": "MRU"}), 2804011),
    ("malformed fbc", event(user_data={"em": _HASH, "fbc": "IwAR123"}), 2804001),
    ("no user data", event(user_data=None), 2804050),
    ("weak address", event(user_data=dict.fromkeys(("ct", "country", "st", "zp", "ge"), _HASH)), 2804050),
    ("weak birth", event(user_data={"db": _HASH, "client_user_agent": "Mozilla/5.0"}), 2804050),
    ("weak first name", event(user_data={"fn": _HASH, "ge": _HASH}), 2804050),
    ("weak last name", event(user_data={"ln": _HASH}), 2804050),
    ("clear e-mail", event(user_data={"em": "buyer@example.com"}), None),
    ("upper-case hash", event(user_data={"em": _HASH.upper()}), None),
    ("clear phone in a list", event(user_data={"ph": [_HASH, "5511999998888"]}), None),
]


@pytest.mark.parametrize(("bad", "subcode"), [row[1:] for row in _REFUSED], ids=[row[0] for row in _REFUSED])
def test_one_bad_event_refuses_the_whole_batch_and_nothing_is_stored(
    meta: httpx.Client, bad: Json, subcode: int | None
) -> None:
    answer = post(meta, event("good-1"), bad, event("good-2"))
    assert numbers(answer) == (400, 100, subcode)
    assert taken(meta) == []


_TAKEN: list[tuple[str, Json]] = [
    ("six days old", event(event_time=_NOW - 6 * _DAY)),
    ("60 days old in a shop", event(event_time=_NOW - 60 * _DAY, action_source="physical_store")),
    ("lists and appendix", event(user_data={"em": [_HASH, f"{_HASH}.AQYBAQEA"], "ph": f"{_HASH}.AQ"})),
    ("well formed fbc", event(user_data={"em": _HASH, "fbc": "fb.1.1700000000000.IwAR_a-B.AQYBAQEA"})),
    ("raw external_id alone", event(user_data={"external_id": "USER-1"})),
    ("names together", event(user_data={"fn": _HASH, "ln": _HASH})),
    ("no amount in another event", event(event_name="Lead", custom_data=None)),
]


@pytest.mark.parametrize("good", [row[1] for row in _TAKEN], ids=[row[0] for row in _TAKEN])
def test_what_meta_takes_is_taken_and_kept_as_it_was_sent(meta: httpx.Client, good: Json) -> None:
    answer = post(meta, good)
    assert answer.status_code == 200
    assert answer.json()["events_received"] == 1
    assert answer.headers["facebook-api-version"] == "v26.0"
    assert answer.headers["x-fb-trace-id"]
    assert [one["event"] for one in taken(meta)] == [good]


@pytest.mark.parametrize("data", [[], {}, "text", None, [1]])
def test_data_that_is_no_list_of_events_is_refused(meta: httpx.Client, data: Any) -> None:
    body = {"data": data, "access_token": _TOKEN}
    assert numbers(meta.post(f"/v26.0/{_DATASET}/events", json=body))[:2] == (400, 100)


def test_a_thousand_events_are_taken_and_one_more_is_refused(meta: httpx.Client) -> None:
    events = [event(f"sale-{at}") for at in range(1_001)]
    assert numbers(post(meta, *events))[:2] == (400, 100)
    assert post(meta, *events[:1_000]).json()["events_received"] == 1_000


@pytest.mark.parametrize("token", ["", "garbage"])
def test_a_missing_or_unknown_token_is_190_with_http_401(meta: httpx.Client, token: str) -> None:
    body = {"data": [event()], "access_token": token}
    assert numbers(meta.post(f"/v26.0/{_DATASET}/events", json=body)) == (401, 190, None)


def test_the_token_is_read_from_header_body_or_query_and_never_shown(meta: httpx.Client) -> None:
    url, texts = f"/v26.0/{_DATASET}/events", json.dumps([json.dumps(event("texts"))])
    assert post(meta, event("bearer")).is_success
    assert meta.post(url, json={"data": [event("body")], "access_token": _TOKEN}).is_success
    assert meta.post(url, params={"access_token": _TOKEN}, json={"data": [event("query")]}).is_success
    assert meta.post(url, data={"data": json.dumps([event("form")]), "access_token": _TOKEN}).is_success
    assert meta.post(url, data={"data": texts, "access_token": _TOKEN}).is_success
    shown = meta.get("/_control/events")
    assert [one["event"]["event_id"] for one in shown.json()["events"]] == ["bearer", "body", "query", "form", "texts"]
    assert _TOKEN not in shown.text


def test_a_repeat_is_received_but_recorded_as_a_duplicate(meta: httpx.Client) -> None:
    for _ in range(2):
        assert post(meta, event()).json()["events_received"] == 1
    assert post(meta, event(event_name="Lead")).json()["events_received"] == 1
    assert post(meta, event(), dataset="999").json()["events_received"] == 1
    assert [one["duplicate"] for one in taken(meta, event_id="sale-1")] == [False, True, False, False]
    stats = meta.get("/_control/stats", params={"event_ids": "1"}).json()
    assert stats["datasets"][_DATASET] == {"requests": 3, "accepted": 2, "duplicates": 1, "refused": 0}
    assert stats["received"]["sale-1"] == 4


_ANSWERED: list[tuple[str, Json, int, int | None, int | None]] = [
    ("http_500", {}, 500, None, None),
    ("dead", {}, 500, None, None),
    ("graph_500", {"code": 1}, 500, 1, None),
    ("http_429", {"retry_after": 7}, 429, 4, None),
    ("graph_throttle", {"code": 4}, 400, 4, None),
    ("html", {}, 502, None, None),
    ("code_190", {"subcode": 463}, 401, 190, 463),
    ("code_100_33", {}, 400, 100, 33),
    ("poison", {"event_id": "sale-1"}, 400, 100, 2804050),
]


@pytest.mark.parametrize(("kind", "params", "status", "code", "subcode"), _ANSWERED, ids=[row[0] for row in _ANSWERED])
def test_a_fault_that_refuses_stores_nothing_and_ends_after_its_times(
    meta: httpx.Client, kind: str, params: Json, status: int, code: int | None, subcode: int | None
) -> None:
    add_fault(meta, kind, **params)
    answer = post(meta, event())
    assert answer.status_code == status
    if code is not None:
        assert numbers(answer) == (status, code, subcode)
    assert kind != "http_429" or answer.headers["retry-after"] == "7"
    assert taken(meta) == []
    assert post(meta, event()).is_success


def test_poison_refuses_only_batches_with_its_event_until_it_is_deleted(meta: httpx.Client) -> None:
    add_fault(meta, "poison", times=None, event_id="bad")
    assert post(meta, event("good")).is_success
    for _ in range(2):
        assert post(meta, event("other"), event("bad")).status_code == 400
    meta.delete("/_control/faults")
    assert post(meta, event("bad")).is_success


@pytest.mark.parametrize(("kind", "is_taken"), [("timeout_before", False), ("timeout_after_accept", True)])
def test_a_client_that_gives_up_cannot_know_whether_the_event_was_taken(
    meta: httpx.Client, kind: str, is_taken: bool
) -> None:
    add_fault(meta, kind, seconds=0.5)
    meta.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        post(meta, event())
    assert len(taken(meta)) == is_taken


def test_a_disconnect_after_accepting_has_kept_the_event(meta: httpx.Client) -> None:
    add_fault(meta, "disconnect_after_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        post(meta, event())
    assert len(taken(meta)) == 1


def test_an_empty_or_zero_answer_is_http_200_and_slow_only_delays(meta: httpx.Client) -> None:
    add_fault(meta, "zero_received")
    assert post(meta, event()).json()["events_received"] == 0
    add_fault(meta, "empty_200")
    assert (post(meta, event()).status_code, post(meta, event()).content != b"") == (200, True)
    add_fault(meta, "slow", delay_ms=60)
    started = time.monotonic()
    assert post(meta, event()).json()["events_received"] == 1
    assert time.monotonic() - started >= 0.06
