"""When the model's endpoint is asked, and when it is left alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import structlog

from agent.chat.breaker import Admission, Breaker, Phase
from agent.chat.failures import Reason
from tests.basic.conftest import NOON

Move = Callable[[float], None]


def admitted(breaker: Breaker) -> Admission:
    admission = breaker.admit()
    assert admission is not None
    return admission


def fail(breaker: Breaker, reason: Reason = Reason.TIMEOUT, *, times: int = 1, retry_after: int | None = None) -> None:
    for _ in range(times):
        breaker.failed(admitted(breaker), reason, retry_after)


def pause_of(breaker: Breaker) -> float:
    standing = breaker.standing
    assert (standing.phase, standing.until is not None) == (Phase.OPEN, True)
    return (standing.until - NOON).total_seconds()  # type: ignore[operator]


def test_three_failures_in_a_minute_open_it(move: Move) -> None:
    breaker = Breaker()
    fail(breaker, times=2)
    move(60)
    assert breaker.standing.phase is Phase.CLOSED
    fail(breaker)
    assert (breaker.standing.phase, breaker.standing.reason) == (Phase.OPEN, Reason.TIMEOUT)
    assert breaker.admit() is None


def test_three_failures_in_more_than_a_minute_do_not(move: Move) -> None:
    breaker = Breaker()
    for _ in range(5):
        fail(breaker)
        move(30.5)
    assert breaker.standing.phase is Phase.CLOSED


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.AUTH])
def test_where_another_try_is_useless_it_opens_at_once(move: Move, reason: Reason) -> None:
    breaker = Breaker()
    fail(breaker, reason)
    assert pause_of(breaker) == 20


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.REFUSED, Reason.AUTH}))
def test_what_is_of_the_message_is_not_counted_and_everything_else_is(move: Move, reason: Reason) -> None:
    breaker = Breaker()
    fail(breaker, reason, times=3)
    is_counted = reason not in (Reason.UNUSABLE, Reason.CONTEXT_OVERFLOW)
    assert (breaker.standing.phase is Phase.OPEN) is is_counted


def test_retry_after_is_kept_to_the_second(move: Move) -> None:
    breaker = Breaker()
    fail(breaker, Reason.RATE_LIMITED, retry_after=45)
    assert pause_of(breaker) == 45
    move(44)
    assert breaker.admit() is None
    move(1)
    assert admitted(breaker).is_probe


def test_one_call_at_a_time_tries(move: Move) -> None:
    breaker = Breaker()
    fail(breaker, Reason.REFUSED)
    move(20)
    probe = admitted(breaker)
    assert (probe.is_probe, breaker.standing.phase) == (True, Phase.HALF_OPEN)
    assert breaker.admit() is None
    breaker.succeeded(probe)
    assert breaker.standing.phase is Phase.CLOSED
    assert not admitted(breaker).is_probe


def test_each_try_in_vain_doubles_the_pause_up_to_five_minutes_and_a_good_one_forgets_it(move: Move) -> None:
    breaker, at, pauses = Breaker(), 0.0, []
    fail(breaker, Reason.REFUSED)
    for _ in range(6):
        wait = pause_of(breaker) - at
        move(wait)
        at += wait
        pauses.append(wait)
        fail(breaker, Reason.TIMEOUT)
    assert pauses == [20, 40, 80, 160, 300, 300]
    move(300)
    breaker.succeeded(admitted(breaker))
    fail(breaker, Reason.REFUSED)
    assert breaker.standing.until == NOON + timedelta(seconds=at + 300 + 20)


def test_a_throttled_try_waits_at_least_as_long_as_it_is_asked_to(move: Move) -> None:
    breaker = Breaker()
    fail(breaker, Reason.REFUSED)
    move(20)
    fail(breaker, Reason.RATE_LIMITED, retry_after=600)
    assert pause_of(breaker) == 620


def test_a_try_that_nobody_heard_the_end_of_makes_room_for_another(move: Move) -> None:
    breaker = Breaker()
    fail(breaker, Reason.REFUSED)
    move(20)
    breaker.abandoned(admitted(breaker))
    assert admitted(breaker).is_probe


def test_calls_from_before_it_opened_change_nothing_after(move: Move) -> None:
    breaker = Breaker()
    good, bad, idle = (admitted(breaker) for _ in range(3))
    fail(breaker, Reason.REFUSED)
    breaker.succeeded(good)
    breaker.failed(bad, Reason.AUTH)
    breaker.abandoned(idle)
    assert (pause_of(breaker), breaker.standing.reason) == (20, Reason.REFUSED)
    move(20)
    probe = admitted(breaker)
    breaker.failed(bad, Reason.AUTH)
    breaker.succeeded(good)
    phases = [breaker.standing.phase]
    breaker.succeeded(probe)
    assert [*phases, breaker.standing.phase] == [Phase.HALF_OPEN, Phase.CLOSED]


def test_what_it_does_is_logged(move: Move) -> None:
    breaker = Breaker()
    with structlog.testing.capture_logs() as logs:
        fail(breaker, Reason.AUTH)
        move(20)
        breaker.succeeded(admitted(breaker))
    assert [entry["event"] for entry in logs] == ["llm_breaker_opened", "llm_breaker_probing", "llm_breaker_closed"]
