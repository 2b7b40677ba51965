"""When to try a notification again. Pure."""

import random
from datetime import datetime, timedelta

MAX_ATTEMPTS = 12
USEFUL_FOR = timedelta(hours=24)
# From here on a failing channel is told of over another one, though it may still come back.
ALARMING_ATTEMPTS = 4
_BASE = timedelta(minutes=1)
_CAP = timedelta(hours=8)


def next_attempt(
    attempts: int,
    created_at: datetime,
    now: datetime,
    *,
    retry_after_seconds: float | None = None,
    jitter: float | None = None,
) -> datetime | None:
    """None when it is given up: after the last attempt, or a day after it was due first.

    Exponential from 1 minute to 8 hours with jitter in [0.5, 1.0]; never sooner than the other side asks. A delay that
    would pass the day's end is cut to it, so that the last chance is used.
    """
    last_chance = created_at + USEFUL_FOR
    if attempts >= MAX_ATTEMPTS or now >= last_chance:
        return None
    factor = jitter if jitter is not None else random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
    delay = min(_BASE * (1 << max(attempts - 1, 0)), _CAP) * factor
    if retry_after_seconds:
        delay = max(delay, timedelta(seconds=retry_after_seconds))
    return min(now + delay, last_chance)
