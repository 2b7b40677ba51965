"""Each key has its own allowance, and a refusal says when to come back in whole seconds."""

import time

import pytest

from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.errors import RateLimited


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    return moment


def taken(limiter: RateLimiter, key: str, times: int) -> int:
    """How many of ``times`` requests get through."""
    passed = 0
    for _ in range(times):
        try:
            limiter.check(key)
            passed += 1
        except RateLimited:
            continue
    return passed


def test_a_burst_of_twice_the_rate_passes_and_then_the_rate(now: list[float]) -> None:
    limiter = RateLimiter(5)
    assert taken(limiter, "a", 20) == 10
    now[0] += 1
    assert taken(limiter, "a", 20) == 5
    now[0] += 3_600
    assert taken(limiter, "a", 20) == 10


def test_one_key_does_not_spend_the_allowance_of_another(now: list[float]) -> None:
    limiter = RateLimiter(1)
    assert taken(limiter, "a", 9) == 2
    assert taken(limiter, "b", 9) == 2


def test_waiting_as_long_as_it_says_is_enough(now: list[float]) -> None:
    limiter = RateLimiter(1)
    taken(limiter, "a", 9)
    with pytest.raises(RateLimited) as refused:
        limiter.check("a")
    seconds = refused.value.params["retry_after_seconds"]
    assert isinstance(seconds, int)
    assert seconds >= 1
    now[0] += seconds
    limiter.check("a")
