"""Deduplication within 48 hours, and what the simulator forgets."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from evals.simulators.meta.state import Sent, State
from tests.simulators.calls import DATASET, event, post, taken

_HOUR = 3_600


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def duplicates(state: State, *events: dict[str, Any], dataset: str = DATASET) -> int:
    before = state.of(dataset).duplicates
    state.take(dataset, list(events), Sent())
    return state.of(dataset).duplicates - before


def message(name: str = "Purchase") -> dict[str, Any]:
    return event(event_name=name, action_source="business_messaging")


def test_a_repeat_is_received_but_recorded_as_a_duplicate(meta: httpx.Client) -> None:
    for _ in range(2):
        assert post(meta, event()).json()["events_received"] == 1
    assert post(meta, event(event_name="Lead")).json()["events_received"] == 1
    assert post(meta, event(), dataset="999").json()["events_received"] == 1
    assert [one["duplicate"] for one in taken(meta, event_id="sale-1")] == [False, True, False, False]
    stats = meta.get("/_control/stats", params={"event_ids": "1"}).json()
    assert stats["datasets"][DATASET] == {"requests": 3, "accepted": 2, "duplicates": 1, "refused": 0}
    assert stats["received"]["sale-1"] == 4
    assert abs(stats["first_seen"]["sale-1"] - time.time()) < 60


def test_a_repeat_within_one_request_is_a_duplicate_and_events_without_id_never_are() -> None:
    state = State()
    assert duplicates(state, event(), event()) == 1
    assert duplicates(state, event(event_id=""), event(event_id="")) == 0
    assert state.received == {"sale-1": 2}


def test_messaging_events_are_not_deduplicated() -> None:
    state = State()
    assert duplicates(state, message(), message()) == 0
    assert duplicates(state, event()) == 0
    assert state.received["sale-1"] == 3


def test_a_repeat_counts_again_48_hours_after_the_first_however_often_it_came_between() -> None:
    clock = Clock()
    state = State(clock=clock)
    assert duplicates(state, event()) == 0
    clock.now += 47 * _HOUR
    assert duplicates(state, event()) == 1
    clock.now += _HOUR
    assert duplicates(state, event()) == 0
    assert duplicates(state, event()) == 1


def test_what_is_older_than_48_hours_is_forgotten_and_the_younger_kept() -> None:
    clock = Clock()
    state = State(clock=clock)
    duplicates(state, event("old"))
    clock.now += 24 * _HOUR
    duplicates(state, event("young"))
    clock.now += 25 * _HOUR
    duplicates(state, event("new"))
    assert [event_id for _, _, event_id in state.first_seen] == ["young", "new"]


def test_no_more_ids_are_remembered_than_the_cap() -> None:
    state = State(remember=3, keep=2)
    for at in range(10):
        duplicates(state, event(f"sale-{at}"))
    duplicates(state)
    assert [event_id for _, _, event_id in state.first_seen] == ["sale-7", "sale-8", "sale-9"]
    assert list(state.received) == ["sale-7", "sale-8", "sale-9"]
    assert [one["event"]["event_id"] for one in state.events] == ["sale-8", "sale-9"]
    assert duplicates(state, event("sale-9")) == 1


def test_bodies_are_kept_only_when_asked() -> None:
    state = State(with_bodies=False)
    assert duplicates(state, event(), event()) == 1
    assert not state.events


def test_a_full_memory_does_not_make_a_request_slower() -> None:
    def seconds(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    ids = iter(range(1_000_000))

    def batch(state: State) -> float:
        events = [event(f"sale-{next(ids)}") for _ in range(10)]
        return min(seconds(lambda: state.take(DATASET, events, Sent())) for _ in range(3))

    small, full = State(with_bodies=False, remember=100), State(with_bodies=False, remember=50_000)
    while len(full.first_seen) < 50_000:
        full.take(DATASET, [event(f"old-{next(ids)}") for _ in range(1_000)], Sent())
    assert min(batch(full) for _ in range(20)) < 20 * min(batch(small) for _ in range(20))
