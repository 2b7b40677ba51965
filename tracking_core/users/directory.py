"""People as an operator looks through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import Membership, Role, Tenant, User, WebSession

PAGE = 50
# More shops than these do not fit a list to choose from; they are found by what their name holds.
SHOPS = 200


@dataclass(frozen=True, slots=True)
class Row:
    user: User
    shops: int
    seen_at: datetime | None


async def people(
    session: AsyncSession, *, said: str = "", role: Role | None = None, before: UUID | None = None
) -> Sequence[Row]:
    """The newest first, ``PAGE`` and one more when there are more. ``said`` is a part of the name or of the e-mail."""
    is_theirs = (Membership.user_id == User.id, col(Membership.ended_at).is_(None))
    shops = select(func.count()).where(*is_theirs).scalar_subquery()
    seen = select(func.max(WebSession.seen_at)).where(WebSession.user_id == User.id).scalar_subquery()
    query = select(User, shops, seen)
    if said:
        query = query.where(or_(*(col(one).icontains(said, autoescape=True) for one in (User.name, User.email))))
    if role is not None:
        query = query.where(User.role == role.value)
    if before is not None:
        query = query.where(col(User.id) < before)
    found = await session.execute(query.order_by(col(User.id).desc()).limit(PAGE + 1))
    return [Row(user, count, at) for user, count, at in found.all()]


async def shops(session: AsyncSession, *, said: str = "", not_of: User | None = None) -> Sequence[Tenant]:
    """Those that are not closed, by name: ``SHOPS`` and one more when there are more. ``said`` is a part of the name;
    those of the person ``not_of`` are left out."""
    query = select(Tenant).where(col(Tenant.closed_at).is_(None))
    if not_of is not None:
        theirs = select(Membership.tenant_id).where(Membership.user_id == not_of.id)
        query = query.where(col(Tenant.id).not_in(theirs))
    if said:
        query = query.where(col(Tenant.name).icontains(said, autoescape=True))
    return (await session.scalars(query.order_by(col(Tenant.name), col(Tenant.id)).limit(SHOPS + 1))).all()
