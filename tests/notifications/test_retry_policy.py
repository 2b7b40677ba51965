"""A day of tries, further and further apart."""

from datetime import UTC, datetime, timedelta

from tracking_core.notifications.retry_policy import MAX_ATTEMPTS, USEFUL_FOR, next_attempt

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_delays_double_from_a_minute_and_end_after_about_a_day() -> None:
    now, delays = START, []
    for attempts in range(1, MAX_ATTEMPTS + 1):
        again = next_attempt(attempts, START, now, jitter=1.0)
        if again is None:
            break
        delays.append((again - now).total_seconds() / 60)
        now = again
    assert delays[:9] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert timedelta(hours=20) < now - START <= USEFUL_FOR


def test_jitter_shortens_by_half_at_most() -> None:
    for _ in range(200):
        again = next_attempt(3, START, START)
        assert again is not None
        assert timedelta(minutes=2) <= again - START <= timedelta(minutes=4)


def test_the_other_sides_wish_is_kept_but_not_past_the_day() -> None:
    assert next_attempt(1, START, START, retry_after_seconds=900, jitter=0.5) == START + timedelta(minutes=15)
    late = START + timedelta(hours=23, minutes=59)
    assert next_attempt(2, START, late, retry_after_seconds=900) == START + USEFUL_FOR


def test_it_is_given_up_after_twelve_attempts_or_a_day() -> None:
    assert next_attempt(MAX_ATTEMPTS, START, START) is None
    assert next_attempt(1, START, START + USEFUL_FOR) is None
