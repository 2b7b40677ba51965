"""Faults at the reads of a token and a dataset: what each answers, whom it is for, and that calls are counted."""

import time
from typing import Any

import httpx
import pytest

from tests.simulators.calls import DATASET, Json, add_fault, event, numbers, post, taken
from tests.simulators.test_meta import register
from tests.simulators.test_meta_tokens import check
from tracking_core.destinations.meta_capi.check_codes import MetaCode

PATHS = {"debug_token": "debug_token", "permissions": "me/permissions", "dataset": DATASET}
CALLS = list(PATHS)
_NOT_OF_READS = [
    *("poison", "timeout_after_accept", "disconnect_after_accept", "zero_received", "partial_received"),
    *("slow_body", "huge_body", "old_version"),
]


def fault(meta: httpx.Client, call: str, kind: str, *, dataset_id: str | None = None, **params: Any) -> None:
    wanted = {"call": call, "kind": kind, "dataset_id": dataset_id, "times": 1, "params": params}
    assert meta.post("/_control/faults", json=wanted).status_code == 204


def asked(meta: httpx.Client, call: str, token: str = "EAALive", path: str | None = None) -> httpx.Response:
    query = {"input_token": token} if call == "debug_token" else {}
    headers = {"authorization": f"Bearer {token}"}
    return meta.get(f"/v26.0/{path or PATHS[call]}", params=query, headers=headers)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("kind", "params", "status", "code", "subcode"),
    [
        ("http_429", {"retry_after": 7}, 429, 4, None),
        ("graph_throttle", {"code": 17, "subcode": 2446079}, 400, 17, 2446079),
        ("graph_500", {}, 500, 2, None),
        ("code_190", {"subcode": 463}, 401, 190, 463),
        ("code_100_33", {}, 400, 100, 33),
    ],
)
def test_a_read_can_fail_in_the_words_of_the_graph(
    meta: httpx.Client, call: str, kind: str, params: Json, status: int, code: int, subcode: int | None
) -> None:
    fault(meta, call, kind, **params)
    answer = asked(meta, call)
    assert numbers(answer) == (status, code, subcode)
    assert answer.headers.get("retry-after") == ("7" if kind == "http_429" else None)
    assert asked(meta, call).is_success


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("kind", "status"),
    [("http_500", 500), ("html", 502), ("redirect", 302), ("garbage", 200), ("empty_200", 200)],
)
def test_a_read_can_fail_without_any_json(meta: httpx.Client, call: str, kind: str, status: int) -> None:
    fault(meta, call, kind)
    answer = asked(meta, call)
    assert answer.status_code == status
    with pytest.raises(ValueError, match=r"Expecting|Extra|char"):
        answer.json()
    assert asked(meta, call).is_success


@pytest.mark.parametrize("call", CALLS)
def test_a_read_can_stay_without_an_answer(meta: httpx.Client, call: str) -> None:
    fault(meta, call, "disconnect_before")
    with pytest.raises(httpx.RemoteProtocolError):
        asked(meta, call)
    fault(meta, call, "timeout_before", seconds=0.5)
    meta.timeout = httpx.Timeout(0.1)
    with pytest.raises(httpx.ReadTimeout):
        asked(meta, call)
    meta.timeout = httpx.Timeout(5)
    assert asked(meta, call).is_success


def test_a_slow_read_only_waits(meta: httpx.Client) -> None:
    fault(meta, "dataset", "slow", delay_ms=60)
    started = time.monotonic()
    assert asked(meta, "dataset").json()["id"] == DATASET
    assert time.monotonic() - started >= 0.06


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_of_a_read_leaves_the_other_calls_alone(meta: httpx.Client, call: str) -> None:
    fault(meta, call, "http_500")
    assert [asked(meta, other).is_success for other in CALLS if other != call] == [True, True]
    assert post(meta, event()).is_success
    assert asked(meta, call).status_code == 500


def test_a_fault_of_the_events_leaves_the_reads_alone(meta: httpx.Client) -> None:
    add_fault(meta, "http_500")
    assert all(asked(meta, call).is_success for call in CALLS)
    assert post(meta, event()).status_code == 500


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_for_a_dataset_is_for_the_token_registered_with_it(meta: httpx.Client, call: str) -> None:
    mine, other = register(meta, "9301"), register(meta, "9302")
    fault(meta, call, "http_500", dataset_id="9301")
    named = {"9301": "9301", "9302": "9302"} if call == "dataset" else {}
    assert asked(meta, call, other, named.get("9302")).is_success
    assert asked(meta, call, mine, named.get("9301")).status_code == 500
    assert asked(meta, call, mine, named.get("9301")).is_success


@pytest.mark.parametrize("kind", _NOT_OF_READS)
def test_a_fault_about_events_cannot_be_ordered_for_a_read(meta: httpx.Client, kind: str) -> None:
    wanted = {"call": "dataset", "kind": kind, "params": {"event_id": "sale-1"}}
    answer = meta.post("/_control/faults", json=wanted)
    assert (answer.status_code, "events endpoint alone" in answer.text) == (422, True)


def test_events_are_neither_taken_before_a_cut_nor_lost_by_an_unreadable_answer(meta: httpx.Client) -> None:
    add_fault(meta, "disconnect_before")
    with pytest.raises(httpx.RemoteProtocolError):
        post(meta, event())
    assert taken(meta) == []
    add_fault(meta, "garbage")
    answer = post(meta, event())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting"):
        answer.json()
    assert len(taken(meta)) == 1


def test_every_call_is_counted_and_nothing_of_it_kept(meta: httpx.Client) -> None:
    for call in CALLS:
        assert asked(meta, call).is_success
    fault(meta, "dataset", "http_500")
    asked(meta, "dataset", "EAAPlanted")
    assert post(meta, event(), token="garbage").status_code == 401
    stats = meta.get("/_control/stats")
    assert stats.json()["calls"] == {"debug_token": 1, "permissions": 1, "dataset": 2, "events": 1}
    assert "EAA" not in stats.text
    meta.delete("/_control/events")
    assert meta.get("/_control/stats").json()["calls"] == {}


def test_a_reset_forgets_datasets_faults_and_what_was_taken(meta: httpx.Client) -> None:
    register(meta, "9303")
    assert numbers(post(meta, event(), dataset="9303")) == (401, 190, None)
    add_fault(meta, "http_500", times=None)
    assert meta.post("/_control/reset").status_code == 204
    assert meta.get("/_control/stats").json() == {"datasets": {}, "calls": {}}
    assert post(meta, event(), dataset="9303").is_success


@pytest.mark.parametrize("kind", ["http_429", "garbage", "empty_200", "disconnect_before", "html"])
async def test_a_token_that_can_send_is_good_although_nothing_can_be_read_of_it(meta: httpx.Client, kind: str) -> None:
    token = register(meta, "9304")
    for call in CALLS:
        fault(meta, call, kind, dataset_id="9304")
    outcome = await check(meta, "9304", token)
    assert (outcome.code, outcome.facts["can_send"], outcome.facts["token_type"]) == (MetaCode.OK, True, None)
    assert outcome.warnings == ()
