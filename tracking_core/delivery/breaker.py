"""A circuit breaker per connection: after repeated failures nothing is sent for a while, then a small probe. Pure."""

from datetime import datetime, timedelta

TRIP_AFTER = 5
_PAUSE = timedelta(seconds=5)
_PAUSE_MAX = timedelta(minutes=5)
_PROBE_BATCH = 10


def paused_until(failure_streak: int, now: datetime) -> datetime | None:
    """Until when to rest after the ``failure_streak``-th failure in a row; None while the circuit is closed."""
    if failure_streak < TRIP_AFTER:
        return None
    doublings: int = min(failure_streak - TRIP_AFTER, 10)
    return now + min(_PAUSE * (1 << doublings), _PAUSE_MAX)


def batch_limit(failure_streak: int, batch: int) -> int:
    """Half open: a connection that tripped proves itself with a few events first."""
    return min(batch, _PROBE_BATCH) if failure_streak >= TRIP_AFTER else batch
