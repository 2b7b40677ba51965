"""Our own people by password. No transaction is held while a password is hashed, which takes a tenth of a second."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.models import Role, User, WebSession
from tracking_core.users import passwords, service, throttle, web_sessions
from tracking_core.users.errors import EmailMalformed, PasswordNotTheirs, SignInRefused
from tracking_core.users.fields import email_of
from tracking_core.users.throttle import Attempt
from tracking_core.users.web_sessions import Begun, How, SignedIn

# A browser that came by a link may set a password for so long.
SETTING_TIME = timedelta(minutes=30)
_NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class _Found:
    user_id: UUID
    stored: str = field(repr=False)


async def sign_in(
    email: str, password: str, *, network: str, now: datetime, instead_of: SignedIn | None = None
) -> Begun:
    """Raises SignInRefused, or TooManySignIns before anything is looked at."""
    email = _asked_for(email)
    await throttle.require(Attempt.PASSWORD, network=network, email=email, now=now)
    known = await _find(email)
    if not await passwords.is_theirs(password, known.stored if known else None) or known is None:
        await _note_failure(email)
        raise SignInRefused
    fresh = await passwords.hashed(password) if passwords.is_outdated(known.stored) else known.stored
    async with transaction() as session:
        user = await service.get(session, known.user_id, locked=True)
        if not _may(user) or user.password_hash != known.stored:
            raise SignInRefused
        user.password_hash = fresh
        await throttle.forgive(session, Attempt.PASSWORD, network=network, email=email)
        return await web_sessions.begin(session, user, How.PASSWORD, now=now, instead_of=instead_of)


async def needs_current(session: AsyncSession, who: SignedIn, *, now: datetime) -> bool:
    """Whether they must say the password they have before they set another. Raises PasswordNotTheirs for who has none
    to say."""
    row = await session.get_one(WebSession, who.web_session_id)
    if who.role is Role.SELLER:
        raise PasswordNotTheirs
    if row.how == How.LINK and row.created_at + SETTING_TIME > now:
        return False
    if who.user.password_hash is None:
        raise PasswordNotTheirs
    return True


async def change(who: SignedIn, password: str, *, current: str, network: str, now: datetime) -> Begun:
    """Signed out everywhere, and in here anew. Raises PasswordNotTheirs, SignInRefused when ``current`` is needed and
    wrong, and what ``passwords.require_good`` raises."""
    async with transaction() as session:
        is_asked = await needs_current(session, who, now=now)
    if is_asked:
        await throttle.require(Attempt.PASSWORD, network=network, email=who.user.email, now=now)
        if not await passwords.is_theirs(current, who.user.password_hash):
            await _note_failure(who.user.email)
            raise SignInRefused
    passwords.require_good(password, who.user)
    fresh = await passwords.hashed(password)
    async with transaction() as session:
        user = await service.get(session, who.user.id, locked=True)
        if not _is_staff(user) or user.password_hash != who.user.password_hash:
            raise PasswordNotTheirs
        user.password_hash = fresh
        record(session, actor=who.actor, action="user.password_changed", subject=str(user.id))
        await web_sessions.end_all(session, user.id, actor=who.actor, now=now)
        return await web_sessions.begin(session, user, How.PASSWORD, now=now)


async def _find(email: str) -> _Found | None:
    async with transaction() as session:
        user = await service.by_email(session, email)
        if user is None or not _may(user) or user.password_hash is None:
            return None
        return _Found(user.id, user.password_hash)


async def _note_failure(email: str) -> None:
    """Of whoever it was said to be, also of one who cannot sign in this way."""
    async with transaction() as session:
        user = await service.by_email(session, email, with_disabled=True)
        subject = str(user.id) if user else _NOBODY
        record(session, actor="visitor", action="user.sign_in_failed", subject=subject, how=How.PASSWORD.value)


def _asked_for(email: str) -> str:
    """As people are kept; nobody's when it is no address."""
    try:
        return email_of(email)
    except EmailMalformed:
        return ""


def _may(user: User) -> bool:
    return _is_staff(user) and user.password_hash is not None


def _is_staff(user: User) -> bool:
    return user.disabled_at is None and user.role != Role.SELLER
