"""Whether a run goes on after a step that failed, and when. Pure."""

import random
from datetime import datetime, timedelta

from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.reconciliation.codes import PASSING, ReconciliationCode

ATTEMPTS_MAX = 8
_FIRST, _LONGEST = 15.0, 1_800.0
_RATE_WINDOW_SECONDS = 60
_LIFE = timedelta(days=1)


def next_attempt(
    code: str, attempts: int, created_at: datetime, now: datetime, retry_after_seconds: int | None
) -> datetime | str:
    """When to try again after ``attempts`` failures in a row, or the code with which it ends.

    To be throttled is no failure and is not counted; only a day of it is too much. What is wrong with the credentials
    ends the run at once.
    """
    if code == GatewayCode.RATE_LIMITED:
        return _unless_old(now + _jittered(float(retry_after_seconds or _RATE_WINDOW_SECONDS)), created_at)
    if code not in PASSING or attempts >= ATTEMPTS_MAX:
        return code
    wait = min(_FIRST * 2 ** (attempts - 1), _LONGEST)
    return _unless_old(now + _jittered(max(wait, retry_after_seconds or 0)), created_at)


def _unless_old(at: datetime, created_at: datetime) -> datetime | str:
    return ReconciliationCode.TOO_LONG if at > created_at + _LIFE else at


def _jittered(seconds: float) -> timedelta:
    """Never less than was asked for."""
    return timedelta(seconds=seconds * (1 + random.random() / 4))  # noqa: S311 - spreads, hides nothing
