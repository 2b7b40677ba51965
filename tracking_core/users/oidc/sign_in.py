"""Somebody whom the provider knows becomes one of ours, or is sent away."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.models import Role, User
from tracking_core.users import service, web_sessions
from tracking_core.users.errors import EmailMalformed, EmailUnverified, NotInvited
from tracking_core.users.fields import email_of
from tracking_core.users.oidc.id_token import Identity
from tracking_core.users.web_sessions import Begun, How, SignedIn

_NOBODY = "unknown"


async def sign_in(identity: Identity, *, now: datetime, instead_of: SignedIn | None = None) -> Begun:
    """In transactions of its own: that somebody was sent away stays in the audit log. Raises EmailUnverified,
    NotInvited."""
    try:
        async with transaction() as session:
            user = await _by_subject(session, identity) or await _bound(session, identity)
            return await web_sessions.begin(session, user, How.OIDC, now=now, instead_of=instead_of)
    except (EmailUnverified, NotInvited) as refusal:
        await _note_failure(identity, refusal.code)
        raise


async def _by_subject(session: AsyncSession, identity: Identity) -> User | None:
    query = select(User).where(User.oidc_subject == identity.subject).with_for_update()
    user = (await session.scalars(query)).first()
    if user is not None and not _is_staff(user):
        raise NotInvited
    return user


async def _bound(session: AsyncSession, identity: Identity) -> User:
    """The person with this e-mail, from now on known by the subject: once, for an e-mail may be given to another."""
    if not identity.is_verified:
        raise EmailUnverified
    user = await _by_email(session, identity)
    if user is None or not _is_staff(user) or user.oidc_subject is not None:
        raise NotInvited
    user.oidc_subject = identity.subject
    record(session, actor=service.actor_of(user), action="user.provider_bound", subject=str(user.id))
    return user


async def _by_email(session: AsyncSession, identity: Identity) -> User | None:
    try:
        email = email_of(identity.email)
    except EmailMalformed:
        return None
    return (await session.scalars(select(User).where(User.email == email).with_for_update())).first()


async def _note_failure(identity: Identity, reason: str) -> None:
    async with transaction() as session:
        query = select(User).where(User.oidc_subject == identity.subject)
        user = (await session.scalars(query)).first() or await _by_email(session, identity)
        subject = str(user.id) if user else _NOBODY
        how = How.OIDC.value
        record(session, actor="visitor", action="user.sign_in_failed", subject=subject, how=how, reason=reason)


def _is_staff(user: User) -> bool:
    return user.disabled_at is None and user.role != Role.SELLER
