"""A circuit breaker in front of the model's endpoint, one for each process: a seller waits for it in vain three times,
not in every message."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from agent.chat.failures import Reason
from tracking_core.kit import clock
from tracking_core.metrics.agent import LLM_BREAKER

log = structlog.get_logger()
_FAILURES_MAX, _WINDOW = 3, timedelta(seconds=60)
_PAUSE_FIRST, _PAUSE_MAX = timedelta(seconds=20), timedelta(minutes=5)
# Another try would end the same way.
_AT_ONCE = frozenset({Reason.REFUSED, Reason.AUTH})
# Of the message, not of the endpoint.
_NOT_COUNTED = frozenset({Reason.CONTEXT_OVERFLOW, Reason.UNUSABLE})


class Phase(StrEnum):
    """``half_open``: one call tries whether the endpoint is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Standing:
    """``reason`` is that of the failure that opened it; ``until`` when it may be tried again."""

    phase: Phase
    reason: Reason | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """One call that may be made; what becomes of it is told to the breaker. ``turn`` grows whenever the breaker opens
    or closes: what an older call came to no longer counts."""

    turn: int
    is_probe: bool


class Breaker:
    """Opens after 3 failures in 60 s, at once where another try is useless or a 429 says how long to wait; then one
    call at a time tries, after 20 s first and up to 5 minutes later."""

    def __init__(self) -> None:
        self._turn = 0
        self._failures: deque[datetime] = deque(maxlen=_FAILURES_MAX)
        self._pause = _PAUSE_FIRST
        self._standing = Standing(Phase.CLOSED)

    @property
    def standing(self) -> Standing:
        return self._standing

    def admit(self) -> Admission | None:
        """None: do not call."""
        standing = self._standing
        if standing.phase is Phase.CLOSED:
            return Admission(self._turn, is_probe=False)
        if standing.phase is Phase.HALF_OPEN or (standing.until and clock.now() < standing.until):
            return None
        self._standing = Standing(Phase.HALF_OPEN, standing.reason, standing.until)
        log.info("llm_breaker_probing", reason=standing.reason)
        return Admission(self._turn, is_probe=True)

    def succeeded(self, admission: Admission) -> None:
        if not (admission.is_probe and self._is_current(admission)):
            return
        log.info("llm_breaker_closed", reason=self._standing.reason)
        self._turn += 1
        self._failures.clear()
        self._pause, self._standing = _PAUSE_FIRST, Standing(Phase.CLOSED)
        LLM_BREAKER.set(0)

    def failed(self, admission: Admission, reason: Reason, retry_after_seconds: int | None = None) -> None:
        if reason in _NOT_COUNTED:
            self.succeeded(admission)
        elif self._is_current(admission):
            self._count(admission, reason, retry_after_seconds)

    def abandoned(self, admission: Admission) -> None:
        """Nobody knows what it would have come to: another one may try at once."""
        if admission.is_probe and self._is_current(admission):
            self._standing = Standing(Phase.OPEN, self._standing.reason, clock.now())

    def _is_current(self, admission: Admission) -> bool:
        return admission.turn == self._turn

    def _count(self, admission: Admission, reason: Reason, retry_after_seconds: int | None) -> None:
        now = clock.now()
        self._failures.append(now)
        asked = timedelta(seconds=retry_after_seconds or 0)
        if admission.is_probe:
            self._pause = min(2 * self._pause, _PAUSE_MAX)
            self._open(reason, now + max(self._pause, asked))
        elif asked:
            self._open(reason, now + asked)
        elif reason in _AT_ONCE or self._is_over(now):
            self._open(reason, now + self._pause)

    def _is_over(self, now: datetime) -> bool:
        return len(self._failures) == _FAILURES_MAX and now - self._failures[0] <= _WINDOW

    def _open(self, reason: Reason, until: datetime) -> None:
        self._turn += 1
        self._standing = Standing(Phase.OPEN, reason, until)
        LLM_BREAKER.set(1)
        log.warning("llm_breaker_opened", reason=reason.value, until=until.isoformat())
