"""People: invited, found, given a role and tenants, shut out and let back in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.errors import NotFound
from tracking_core.i18n import DEFAULT_LOCALE, LOCALES
from tracking_core.models import Membership, Role, Tenant, User
from tracking_core.tenants.errors import TenantClosed
from tracking_core.users import web_sessions
from tracking_core.users.actor import actor_of
from tracking_core.users.errors import EmailTaken, LastOperator, NameTaken
from tracking_core.users.fields import email_of, name_of

__all__ = [
    "actor_of",
    "by_email",
    "change_role",
    "closed_of",
    "get",
    "invite",
    "let_in",
    "let_out",
    "normal",
    "require_other_operator",
    "restore",
    "shut_out",
    "speak",
    "tenants_of",
]
# Two of one e-mail or name made in the same moment come one after the other, and so do two operators who shut each
# other out.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('users'))")


async def invite(
    session: AsyncSession,
    email: str,
    name: str,
    role: Role,
    *,
    actor: str,
    tenants: Sequence[UUID] = (),
    locale: str = DEFAULT_LOCALE,
) -> User:
    """A new person, who cannot sign in before they have a link or a password. Raises EmailMalformed, NameMalformed,
    EmailTaken, NameTaken or NotFound."""
    user = User(email=email_of(email), name=name_of(name), role=role.value, locale=locale)
    await session.execute(_ONE_AT_A_TIME)
    if await by_email(session, user.email, with_disabled=True) is not None:
        raise EmailTaken
    await _require_free_name(session, user)
    session.add(user)
    await session.flush()
    record(session, actor=actor, action="user.invited", subject=str(user.id), role=role.value)
    for tenant_id in tenants:
        await let_in(session, user, tenant_id, actor=actor)
    return user


def normal(email: str) -> str:
    return email.strip().lower()


async def get(session: AsyncSession, user_id: UUID, *, locked: bool = False) -> User:
    """Raises NotFound."""
    user = await session.get(User, user_id, with_for_update=locked or None)
    if user is None:
        raise NotFound(what="user")
    return user


async def by_email(session: AsyncSession, email: str, *, with_disabled: bool = False) -> User | None:
    user = (await session.scalars(select(User).where(User.email == normal(email)))).first()
    return user if user is not None and (with_disabled or user.disabled_at is None) else None


async def let_in(session: AsyncSession, user: User, tenant_id: UUID, *, actor: str) -> None:
    """The tenant is theirs to see; a second time changes nothing. Raises NotFound, TenantClosed."""
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound(what="tenant")
    if tenant.closed_at is not None:
        raise TenantClosed
    if await session.get(Membership, (user.id, tenant_id)) is None:
        session.add(Membership(user_id=user.id, tenant_id=tenant_id))
        await session.flush()
        record(session, actor=actor, action="user.let_in", subject=str(user.id), tenant_id=tenant_id)


async def let_out(session: AsyncSession, user: User, tenant_id: UUID, *, actor: str) -> None:
    """The tenant is no longer theirs to see; a second time changes nothing."""
    membership = await session.get(Membership, (user.id, tenant_id), with_for_update=True)
    if membership is not None:
        await session.delete(membership)
        await session.flush()
        record(session, actor=actor, action="user.let_out", subject=str(user.id), tenant_id=tenant_id)


async def tenants_of(session: AsyncSession, user: User) -> list[Tenant]:
    """A seller's own that are not closed, by name."""
    query = select(Tenant).join(Membership).where(Membership.user_id == user.id, col(Membership.ended_at).is_(None))
    return list((await session.scalars(query.order_by(col(Tenant.name), col(Tenant.id)))).all())


async def closed_of(session: AsyncSession, user: User) -> list[Tenant]:
    """Those that were theirs until they were closed, by name."""
    query = select(Tenant).join(Membership).where(Membership.user_id == user.id, col(Membership.ended_at).is_not(None))
    return list((await session.scalars(query.order_by(col(Tenant.name), col(Tenant.id)))).all())


async def change_role(session: AsyncSession, user_id: UUID, role: Role, *, actor: str, now: datetime) -> User:
    """They sign in anew, by what lets the new role in: a seller has no password, and another role's browsers stay open
    for another time. The same role changes nothing. Raises NotFound or NameTaken."""
    await session.execute(_ONE_AT_A_TIME)
    user = await get(session, user_id, locked=True)
    if user.role == role:
        return user
    before, user.role = user.role, role.value
    await _require_free_name(session, user)
    if role is Role.SELLER:
        user.password_hash = user.oidc_subject = None
    await web_sessions.end_all(session, user.id, actor=actor, now=now)
    subject = str(user.id)
    record(session, actor=actor, action="user.role_changed", subject=subject, before=before, after=role.value)
    return user


async def shut_out(session: AsyncSession, user_id: UUID, *, actor: str, now: datetime) -> User:
    """From now on no link, password or open browser of theirs opens anything. Raises NotFound."""
    user = await get(session, user_id, locked=True)
    if user.disabled_at is None:
        user.disabled_at = now
        record(session, actor=actor, action="user.shut_out", subject=str(user.id))
    await web_sessions.end_all(session, user.id, actor=actor, now=now)
    return user


async def restore(session: AsyncSession, user_id: UUID, *, actor: str) -> User:
    """What let them in before does so again, but for links and browsers. Raises NotFound or NameTaken."""
    await session.execute(_ONE_AT_A_TIME)
    user = await get(session, user_id, locked=True)
    if user.disabled_at is not None:
        await _require_free_name(session, user)
        user.disabled_at = None
        record(session, actor=actor, action="user.restored", subject=str(user.id))
    return user


async def require_other_operator(session: AsyncSession, user_id: UUID) -> None:
    """Somebody else is an operator, and stays so until this transaction ends. Raises LastOperator."""
    await session.execute(_ONE_AT_A_TIME)
    query = select(User.id).where(
        User.role == Role.OPERATOR.value, col(User.disabled_at).is_(None), col(User.id) != user_id
    )
    if (await session.scalars(query.limit(1))).first() is None:
        raise LastOperator


async def speak(session: AsyncSession, user_id: UUID, locale: str) -> None:
    """The language they are written to in; one that we do not speak changes nothing. Raises NotFound."""
    user = await get(session, user_id, locked=True)
    user.locale = locale if locale in LOCALES else user.locale


async def _require_free_name(session: AsyncSession, user: User) -> None:
    """Raises NameTaken. Sellers may share one."""
    if user.role == Role.SELLER:
        return
    query = select(User.id).where(
        User.name == user.name,
        User.role != Role.SELLER.value,
        col(User.disabled_at).is_(None),
        col(User.id) != user.id,
    )
    with session.no_autoflush:
        if (await session.scalars(query)).first() is not None:
            raise NameTaken
