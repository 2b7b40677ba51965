"""Nouns that know themselves what of theirs is over, and delete it in batches of their own."""

from abc import ABC, abstractmethod
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.screenshots import sweep as screenshots
from tracking_core.users import sweep as sign_ins


class Sweep(ABC):
    """``now`` less ``cutoff`` is how long is kept."""

    @abstractmethod
    async def due(self, session: AsyncSession, cutoff: datetime, now: datetime, *, at_most: int) -> int: ...

    @abstractmethod
    async def run(self, cutoff: datetime, now: datetime) -> int:
        """Delete it; how much."""


class _Screenshots(Sweep):
    """A picture was promised its own end when it was sent, which a change of the setting does not move."""

    async def due(self, session: AsyncSession, cutoff: datetime, now: datetime, *, at_most: int) -> int:
        return await screenshots.due(session, now, at_most=at_most)

    async def run(self, cutoff: datetime, now: datetime) -> int:
        return await screenshots.sweep(now)


class _SignIns(Sweep):
    async def due(self, session: AsyncSession, cutoff: datetime, now: datetime, *, at_most: int) -> int:
        return await sign_ins.due(session, now, now - cutoff, at_most=at_most)

    async def run(self, cutoff: datetime, now: datetime) -> int:
        swept = await sign_ins.sweep(now, now - cutoff)
        return swept.links + swept.web_sessions + swept.attempts


SCREENSHOTS: Sweep = _Screenshots()
SIGN_INS: Sweep = _SignIns()
