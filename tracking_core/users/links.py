"""Sign-in links: for one person, once, for a short while."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.models import SignInLink, User
from tracking_core.users.actor import actor_of
from tracking_core.users.errors import SignInLinkInvalid
from tracking_core.users.tokens import hash_of, new_token

LIFE: Final = timedelta(minutes=30)
INVITATION_LIFE: Final = timedelta(days=7)
# It stands in an address, which logs and people repeat: by this beginning every mask of ours knows it as a key.
PREFIX: Final = "sk_hub_link_"


@dataclass(frozen=True, slots=True)
class Redeemed:
    user: User = field(repr=False)
    next_path: str | None


async def issue(
    session: AsyncSession,
    user: User,
    *,
    now: datetime,
    life: timedelta = LIFE,
    next_path: str | None = None,
    actor: str | None = None,
) -> str:
    """The token, seen in clear this once. ``actor`` is whoever made it for them and could use it in their place."""
    token = new_token(PREFIX)
    row = SignInLink(user_id=user.id, token_hash=hash_of(token), next_path=next_path, expires_at=now + life)
    session.add(row)
    await session.flush()
    if actor is not None:
        record(session, actor=actor, action="user.link_made", subject=str(user.id), link=str(row.id))
    return token


async def withdraw(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """What was sent to them before opens nothing any more."""
    unused = (col(SignInLink.used_at).is_(None), col(SignInLink.expires_at) > now)
    await session.execute(update(SignInLink).where(col(SignInLink.user_id) == user_id, *unused).values(expires_at=now))


async def owner_of(session: AsyncSession, token: str, *, now: datetime) -> User | None:
    """Whom it would sign in; None for one that would not be taken. Nothing is used up."""
    query = (
        select(User)
        .join(SignInLink)
        .where(
            SignInLink.token_hash == hash_of(token),
            col(SignInLink.used_at).is_(None),
            col(SignInLink.expires_at) > now,
            col(User.disabled_at).is_(None),
        )
    )
    return (await session.scalars(query)).first()


async def redeem(session: AsyncSession, token: str, *, now: datetime) -> Redeemed:
    """Use the link up; the person's others open nothing any more. Raises SignInLinkInvalid; two at once: one of
    them."""
    is_it = SignInLink.token_hash == hash_of(token)
    # First the person, as whoever shuts them out does: two of their links used at once wait for each other's end here.
    theirs = select(SignInLink.user_id).where(is_it).scalar_subquery()
    user = (await session.scalars(select(User).where(User.id == theirs).with_for_update(key_share=True))).first()
    link = (await session.scalars(select(SignInLink).where(is_it).with_for_update())).first()
    if user is None or link is None or link.used_at is not None or link.expires_at <= now:
        raise SignInLinkInvalid
    if user.disabled_at is not None:
        raise SignInLinkInvalid
    link.used_at = now
    await session.flush()
    await withdraw(session, user.id, now=now)
    record(session, actor=actor_of(user), action="user.link_used", subject=str(user.id), link=str(link.id))
    return Redeemed(user, link.next_path)
