"""One of several schedulers leads: by a lease in the database, so that it works through a connection pooler, too.

The leader stops by its own clock before the lease ends by the database's, whatever hangs between them. Work done twice
around a change of leaders is harmless: every job of the scheduler is idempotent.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.db.engine import transaction
from tracking_core.kit.ids import new_id

log = structlog.get_logger()
SECONDS = 6.0
_RENEWALS = 3
_TAKE = text("""
INSERT INTO leases AS l (name, owner, until, fence)
VALUES (:name, :owner, clock_timestamp() + make_interval(secs => :seconds), 1)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until,
    fence = l.fence + CASE WHEN l.owner = excluded.owner THEN 0 ELSE 1 END
WHERE l.owner = excluded.owner OR l.until <= clock_timestamp()
RETURNING l.fence
""")
_GIVE_UP = text("UPDATE leases SET until = clock_timestamp() WHERE name = :name AND owner = :owner")


class Leadership:
    """``seconds`` is how long a leader that died is missed at most, and a third more."""

    def __init__(self, name: str, *, seconds: float = SECONDS, owner: UUID | None = None) -> None:
        self._name, self._seconds, self._owner = name, seconds, owner or new_id()
        self._until = 0.0
        self._leads = asyncio.Event()

    @property
    def holds(self) -> bool:
        return monotonic() < self._until

    async def keep(self, turned: Callable[[], None] = lambda: None) -> None:
        """Lead whenever nobody else does, until cancelled. ``turned`` is called every few seconds, whoever leads."""
        while True:
            turned()
            await self.take()
            await asyncio.sleep(self._seconds / _RENEWALS)

    async def take(self) -> bool:
        """Renew the lease, or take it when it is free. A database that does not answer in time is one that says no."""
        begun = monotonic()
        try:
            async with asyncio.timeout(self._seconds / _RENEWALS):
                has_it = await self._ask()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("lease_not_renewed", lease=self._name, error=type(error).__name__)
            has_it = None
        if has_it is not None:
            self._settle(begun + self._seconds if has_it else 0.0)
        return self.holds

    async def leads(self) -> None:
        """Return once this one leads."""
        while not self.holds:
            self._leads.clear()
            await self._leads.wait()

    async def give_up(self) -> None:
        """Let the next one lead at once; without a database, when the lease ends."""
        was_leading, self._until = self.holds, 0.0
        if not was_leading:
            return
        try:
            async with transaction() as session:
                await session.execute(_GIVE_UP, {"name": self._name, "owner": self._owner})
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("lease_not_given_up", lease=self._name, error=type(error).__name__)

    async def _ask(self) -> bool:
        values = {"name": self._name, "owner": self._owner, "seconds": self._seconds}
        async with transaction() as session:
            return (await session.execute(_TAKE, values)).first() is not None

    def _settle(self, until: float) -> None:
        was_leading, self._until = self.holds, until
        if self.holds:
            self._leads.set()
        if self.holds is not was_leading:
            log.info("leading" if self.holds else "standing_by", lease=self._name)
