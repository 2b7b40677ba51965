"""When to try again. Pure: deadlines come from the event, not from a count of attempts.

Meta takes an event for 7 days (``meta_capi.event.MAX_EVENT_AGE``) and deduplicates for 48 hours. After an attempt that
may have been received, a resend is safe only inside those 48 hours; so is any attempt at what the pixel tells too.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking_core.destinations.meta_capi.event import DEDUPE_WINDOW, MAX_EVENT_AGE

_BASE = timedelta(seconds=2)
_CAP = timedelta(hours=1)
# Enough for a request to be sent and answered before Meta's own limit.
_MARGIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the policy needs to know of a delivery. ``is_visit``: it is no sale, and the pixel told it as well."""

    event_time: datetime
    attempts: int
    first_ambiguous_at: datetime | None
    is_visit: bool = False


def deadline(schedule: Schedule) -> datetime:
    """The last moment at which sending is still useful and safe."""
    limits = [schedule.event_time + (DEDUPE_WINDOW if schedule.is_visit else MAX_EVENT_AGE)]
    if schedule.first_ambiguous_at:
        limits.append(schedule.first_ambiguous_at + DEDUPE_WINDOW)
    return min(limits) - _MARGIN


def next_attempt(
    schedule: Schedule, now: datetime, *, retry_after_seconds: float | None = None, jitter: float | None = None
) -> datetime | None:
    """When to try again, or None when no useful moment is left.

    Exponential from 2 s to 1 h with jitter in [0.5, 1.0]; never sooner than Meta's Retry-After. A delay that would
    pass the deadline is cut to it, so the last chance is used, once.
    """
    last_chance = deadline(schedule)
    if now >= last_chance:
        return None
    factor = jitter if jitter is not None else random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing
    delay = min(_BASE * (1 << min(schedule.attempts, 20)), _CAP) * factor
    if retry_after_seconds:
        delay = max(delay, timedelta(seconds=retry_after_seconds))
    return min(now + delay, last_chance)
