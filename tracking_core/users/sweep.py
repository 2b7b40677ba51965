"""Delete what signing in leaves behind once it is of no use: who did what stays in the audit log."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.models import SignInAttempt, SignInLink, WebSession
from tracking_core.users.throttle import WINDOW
from tracking_core.users.web_sessions import IDLE

_BATCH = 1_000
# Until then whoever looks for why somebody could not get in still finds the link and the browser.
_KEPT = timedelta(days=7)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    links: int
    web_sessions: int
    attempts: int


async def sweep(now: datetime, kept: timedelta = _KEPT) -> Swept:
    """Each batch is a transaction of its own."""
    swept = Swept(**{name: await _all(table, is_over) for name, table, is_over in _over(now, kept)})
    if swept != Swept(0, 0, 0):
        log.info("sign_ins_swept", links=swept.links, web_sessions=swept.web_sessions, attempts=swept.attempts)
    return swept


async def due(session: AsyncSession, now: datetime, kept: timedelta, *, at_most: int) -> int:
    """How much a sweep would delete, counted up to ``at_most`` of each."""
    total = 0
    for _, table, is_over in _over(now, kept):
        found = select(table.id).where(is_over).limit(at_most).subquery()
        total += await session.scalar(select(func.count()).select_from(found)) or 0
    return total


def _over(now: datetime, kept: timedelta) -> tuple[tuple[str, Any, ColumnElement[bool]], ...]:
    """Each table, and what of it is of no use any more. Attempts count for their window alone."""
    over, forgotten = now - kept, now - kept - max(IDLE.values())
    is_forgotten = col(WebSession.seen_at) <= forgotten
    is_ended = or_(col(WebSession.ended_at) <= over, col(WebSession.expires_at) <= over, is_forgotten)
    return (
        ("links", SignInLink, col(SignInLink.expires_at) <= over),
        ("web_sessions", WebSession, is_ended),
        ("attempts", SignInAttempt, col(SignInAttempt.at) <= now - WINDOW),
    )


async def _all(table: Any, is_over: ColumnElement[bool]) -> int:
    total = 0
    while count := await _batch(table, is_over):
        total += count
    return total


async def _batch(table: Any, is_over: ColumnElement[bool]) -> int:
    due = select(table.id).where(is_over).limit(_BATCH).with_for_update(skip_locked=True)
    async with transaction() as session:
        done = await session.scalars(delete(table).where(table.id.in_(due)).returning(table.id))
        return len(done.all())
