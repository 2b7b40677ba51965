"""Browsers that are signed in. A session ends by itself: after its life, or when nobody came back for a while."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.errors import NotFound
from tracking_core.models import Role, User, WebSession
from tracking_core.users import links
from tracking_core.users.actor import actor_of
from tracking_core.users.tokens import hash_of, new_token

# A seller's phone stays signed in through a setup that takes days; who sees every tenant signs in each day.
LIFE = {Role.SELLER: timedelta(days=30), Role.SUPPORT: timedelta(hours=14), Role.OPERATOR: timedelta(hours=14)}
IDLE = {Role.SELLER: timedelta(days=14), Role.SUPPORT: timedelta(hours=4), Role.OPERATOR: timedelta(hours=4)}
# Written at most this often: a page of many requests is one visit.
_SEEN_EVERY = timedelta(minutes=5)


class How(StrEnum):
    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - a way, not a secret
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks."""

    user: User = field(repr=False)
    web_session_id: UUID

    @property
    def role(self) -> Role:
        return Role(self.user.role)

    @property
    def actor(self) -> str:
        return actor_of(self.user)


@dataclass(frozen=True, slots=True)
class Begun:
    """``token`` is for the browser's cookie, seen in clear this once."""

    user: User = field(repr=False)
    token: str = field(repr=False)


async def begin(
    session: AsyncSession, user: User, how: How, *, now: datetime, instead_of: SignedIn | None = None
) -> Begun:
    """Always a new token: one that somebody planted in the browser is worth nothing. ``instead_of`` is over then."""
    if instead_of is not None:
        await end(session, instead_of.web_session_id, actor=instead_of.actor, now=now)
    token = new_token()
    row = WebSession(
        user_id=user.id, token_hash=hash_of(token), how=how.value, seen_at=now, expires_at=now + LIFE[Role(user.role)]
    )
    row.created_at = now
    session.add(row)
    await session.flush()
    actor, at = actor_of(user), str(row.id)
    record(session, actor=actor, action="user.signed_in", subject=str(user.id), how=how.value, web_session=at)
    return Begun(user, token)


async def current(session: AsyncSession, token: str, *, now: datetime, touch: bool = True) -> SignedIn | None:
    """Who has this token; None for one that is unknown, over or ended, and for a person shut out. The transaction
    should be short: it may hold the row's lock, which every other request of this browser then waits for. Without
    ``touch`` nobody came back: what a page does by itself keeps nobody signed in."""
    query = select(WebSession, User).join(User).where(WebSession.token_hash == hash_of(token))
    found = (await session.execute(query)).first()
    if found is None:
        return None
    row, user = found
    if row.ended_at is not None or not _is_open(row, user, now):
        return None
    if touch and row.seen_at + _SEEN_EVERY <= now:
        unseen = (col(WebSession.id) == row.id, col(WebSession.seen_at) <= now - _SEEN_EVERY)
        await session.execute(update(WebSession).where(*unseen).values(seen_at=now))
    return SignedIn(user, row.id)


async def of_user(session: AsyncSession, user: User, *, now: datetime) -> Sequence[WebSession]:
    """Their open ones, the last seen first."""
    query = select(WebSession).where(WebSession.user_id == user.id, col(WebSession.ended_at).is_(None))
    rows = (await session.scalars(query.order_by(col(WebSession.seen_at).desc(), col(WebSession.id)))).all()
    return [row for row in rows if _is_open(row, user, now)]


async def end(session: AsyncSession, web_session_id: UUID, *, actor: str, now: datetime) -> None:
    """Signed out; a second time changes nothing."""
    row = await session.get(WebSession, web_session_id, with_for_update=True)
    if row is not None and row.ended_at is None:
        row.ended_at = now
        record(session, actor=actor, action="user.signed_out", subject=str(row.user_id), web_session=str(row.id))


async def end_own(session: AsyncSession, who: SignedIn, web_session_id: UUID, *, now: datetime) -> None:
    """Raises NotFound for another's."""
    row = await session.get(WebSession, web_session_id)
    if row is None or row.user_id != who.user.id:
        raise NotFound(what="browser")
    await end(session, web_session_id, actor=who.actor, now=now)


async def end_all(session: AsyncSession, user_id: UUID, *, actor: str, now: datetime) -> None:
    """Signed out everywhere; links that were not used yet open nothing any more."""
    await links.withdraw(session, user_id, now=now)
    query = select(WebSession.id).where(WebSession.user_id == user_id, col(WebSession.ended_at).is_(None))
    for one in (await session.scalars(query.order_by(col(WebSession.id)))).all():
        await end(session, one, actor=actor, now=now)


def _is_open(row: WebSession, user: User, now: datetime) -> bool:
    is_kept = row.expires_at > now and row.seen_at + IDLE[Role(user.role)] > now
    return is_kept and user.disabled_at is None
