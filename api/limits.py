"""What one tenant may ask of the setup API of one process: a wish of theirs must not cost others their webhooks."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.errors import RateLimited
from tracking_core.kit import clock
from tracking_core.models import SetupSession
from tracking_core.setup.inbox import QUEUED_PER_SESSION

WAITING_PER_TENANT = 20
ACTIONS_PER_MINUTE = 60
SESSIONS_PER_DAY = 200
_WAITING_RETRY_SECONDS = 10
_DAY = timedelta(days=1)
_SESSIONS_RETRY_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Limits:
    """``waiting`` requests at a time and ``actions_per_minute`` are counted by process, the rest by what is kept."""

    waiting: int = WAITING_PER_TENANT
    actions_per_minute: int = ACTIONS_PER_MINUTE
    queued: int = QUEUED_PER_SESSION
    sessions_per_day: int = SESSIONS_PER_DAY


class Allowance:
    """Counts what each tenant has of ``limits``. Everything here raises RateLimited."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._actions = PerMinute(self.limits.actions_per_minute)
        self._waiting: Counter[UUID] = Counter()

    @contextmanager
    def action(self, tenant_id: UUID) -> Iterator[None]:
        """One of the tenant's actions of this minute, and one of its waiting places for as long as the block lasts."""
        with self.place(tenant_id):
            self._actions.check(str(tenant_id))
            yield

    @contextmanager
    def place(self, tenant_id: UUID) -> Iterator[None]:
        if self._waiting[tenant_id] >= self.limits.waiting:
            raise RateLimited(retry_after_seconds=_WAITING_RETRY_SECONDS)
        self._waiting[tenant_id] += 1
        try:
            yield
        finally:
            self._waiting[tenant_id] -= 1
            if not self._waiting[tenant_id]:
                del self._waiting[tenant_id]

    async def require_new_session(self, session: AsyncSession, tenant_id: UUID) -> None:
        """Asked in the transaction that made the session, which counts."""
        made = select(func.count()).where(
            SetupSession.tenant_id == tenant_id, col(SetupSession.created_at) > clock.now() - _DAY
        )
        if (await session.scalar(made) or 0) > self.limits.sessions_per_day:
            raise RateLimited(retry_after_seconds=_SESSIONS_RETRY_SECONDS)


class PerMinute(RateLimiter):
    """A minute's worth at once, then as many a minute."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._rate, self._burst = count / 60, float(count)

    def require(self, key: str) -> None:
        """Raises RateLimited when nothing is left; takes nothing."""
        if (tokens := self._tokens(key)) < 1.0:
            raise RateLimited(retry_after_seconds=max(1, round((1.0 - tokens) / self._rate)))

    def take(self, key: str) -> None:
        """Of what was already answered: counted, whatever is left."""
        with suppress(RateLimited):
            self.check(key)

    def _tokens(self, key: str) -> float:
        tokens, seen = self._buckets.get(key, (self._burst, 0.0))
        return min(self._burst, tokens + (time.monotonic() - seen) * self._rate)
