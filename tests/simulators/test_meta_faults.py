"""Faults on demand, over real connections: what the client sees, what was taken, and when a fault is used up."""

import time

import httpx
import pytest

from tests.simulators.calls import DATASET, URL, Json, add_fault, event, numbers, post, taken

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
    ("poison", {"event_id": "sale-1", "subcode": 2804007}, 400, 100, 2804007),
    ("redirect", {}, 302, None, None),
    ("timeout_before", {"seconds": 0}, 504, None, None),
]
_SPOILED = [
    *("timeout_after_accept", "disconnect_after_accept", "zero_received", "partial_received", "empty_200"),
    *("slow_body", "huge_body", "old_version"),
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
    assert taken(meta) == []
    assert post(meta, event()).is_success


def test_throttling_says_when_access_comes_back(meta: httpx.Client) -> None:
    add_fault(meta, "http_429", retry_after=7)
    add_fault(meta, "graph_throttle")
    assert post(meta, event()).headers["retry-after"] == "7"
    assert "estimated_time_to_regain_access" in post(meta, event()).headers["x-business-use-case-usage"]


def test_a_passing_failure_of_the_graph_says_that_it_is_transient(meta: httpx.Client) -> None:
    add_fault(meta, "graph_500")
    assert post(meta, event()).json()["error"]["is_transient"] is True


def test_a_redirect_points_to_this_machine_and_wherever_a_test_likes(meta: httpx.Client, base_url: str) -> None:
    add_fault(meta, "redirect")
    add_fault(meta, "redirect", location="http://127.0.0.1:9/elsewhere")
    assert post(meta, event()).headers["location"] == f"{base_url}/healthz"
    assert post(meta, event()).headers["location"] == "http://127.0.0.1:9/elsewhere"


def test_poison_refuses_only_batches_with_its_event_until_it_is_deleted(meta: httpx.Client) -> None:
    add_fault(meta, "poison", times=None, event_id="bad")
    assert post(meta, event("good")).is_success
    for _ in range(2):
        assert post(meta, event("other"), event("bad")).status_code == 400
    assert meta.get("/_control/stats").json()["datasets"][DATASET]["refused"] == 2
    meta.delete("/_control/faults")
    assert post(meta, event("bad")).is_success


def test_a_fault_plays_for_its_dataset_and_is_deleted_with_it(meta: httpx.Client) -> None:
    for dataset in ("901", "902"):
        meta.post("/_control/faults", json={"kind": "http_500", "dataset_id": dataset})
    assert post(meta, event()).is_success
    meta.delete("/_control/faults", params={"dataset_id": "901"})
    assert post(meta, event(), dataset="901").is_success
    assert post(meta, event(), dataset="902").status_code == 500


@pytest.mark.parametrize("kind", _SPOILED)
def test_a_fault_that_spoils_the_answer_waits_for_a_request_that_is_accepted(meta: httpx.Client, kind: str) -> None:
    add_fault(meta, kind, seconds=0.3, delay_ms=10)
    assert post(meta, event(opt_out=1)).status_code == 400
    assert post(meta, event(), token="garbage").status_code == 401
    assert taken(meta) == []
    meta.timeout = httpx.Timeout(0.2)
    assert is_spoiled(meta)
    assert len(taken(meta)) == 1
    meta.timeout = httpx.Timeout(5)
    assert not is_spoiled(meta)


def is_spoiled(meta: httpx.Client) -> bool:
    """Whether a careful client could not take the answer for a confirmation, or was slow to get it."""
    started = time.monotonic()
    try:
        answer = post(meta, event())
        is_good = answer.json()["events_received"] == 1 and len(answer.content) < 65_536
    except (httpx.TransportError, ValueError):
        return True
    is_current = answer.headers["facebook-api-version"] == "v26.0"
    return not (is_good and is_current and time.monotonic() - started < 0.5)


def test_spoiled_answers_say_less_than_was_taken(meta: httpx.Client) -> None:
    add_fault(meta, "zero_received")
    assert post(meta, event("a"), event("b")).json()["events_received"] == 0
    add_fault(meta, "partial_received")
    assert post(meta, event("c"), event("d")).json()["events_received"] == 1
    add_fault(meta, "empty_200")
    answer = post(meta, event("e"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(taken(meta)) == 5


def test_a_huge_answer_is_valid_json_of_a_few_megabytes(meta: httpx.Client) -> None:
    add_fault(meta, "huge_body", megabytes=2)
    answer = post(meta, event())
    assert 2_000_000 < len(answer.content) < 2_001_000
    assert answer.json()["events_received"] == 1
    assert meta.post("/_control/faults", json={"kind": "huge_body", "params": {"megabytes": 100}}).status_code == 422


def test_a_slow_answer_drips_byte_by_byte(meta: httpx.Client) -> None:
    add_fault(meta, "slow_body", delay_ms=2)
    with meta.stream("POST", URL, json={"data": [event()], "access_token": "EAATest"}) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 20
    assert b"".join(pieces).startswith(b'{"events_received":1,')


def test_an_old_version_answers_under_another_name(meta: httpx.Client) -> None:
    add_fault(meta, "old_version")
    add_fault(meta, "old_version", version="v24.0")
    assert post(meta, event()).headers["facebook-api-version"] != "v26.0"
    assert post(meta, event()).headers["facebook-api-version"] == "v24.0"


@pytest.mark.parametrize(("kind", "is_taken"), [("timeout_before", False), ("timeout_after_accept", True)])
def test_a_client_that_gives_up_cannot_know_whether_the_event_was_taken(
    meta: httpx.Client, kind: str, is_taken: bool
) -> None:
    add_fault(meta, kind, seconds=0.5)
    meta.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        post(meta, event())
    assert len(taken(meta)) == is_taken


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_disconnect_after_accepting_has_kept_the_event(meta: httpx.Client, has_begun: bool) -> None:
    add_fault(meta, "disconnect_after_accept", has_begun=has_begun)
    with pytest.raises(httpx.RemoteProtocolError):
        post(meta, event())
    assert len(taken(meta)) == 1
    assert post(meta, event()).is_success


def test_slow_only_delays(meta: httpx.Client) -> None:
    add_fault(meta, "slow", delay_ms=60)
    started = time.monotonic()
    assert post(meta, event()).json()["events_received"] == 1
    assert time.monotonic() - started >= 0.06
