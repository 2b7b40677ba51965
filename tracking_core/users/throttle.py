"""Attempts to sign in, counted in the database: every replica sees them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import digest
from ipaddress import IPv6Address, ip_address

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, select

from tracking_core.db.engine import transaction
from tracking_core.models import SignInAttempt
from tracking_core.secrets.keyring import process_keyring
from tracking_core.users.errors import TooManySignIns

WINDOW = timedelta(minutes=15)
# A household's IPv6 network: its addresses change by the day, and whoever guesses has all of them.
_V6_PREFIX = 64
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('sign_in_attempts', :key))")


class Attempt(StrEnum):
    """What is tried."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105 - a way, not a secret
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Limit:
    """Within ``WINDOW``. A whole mobile network may stand behind one address, so ``network`` is the loosest; ``both``
    is one e-mail from one network, so that a stranger elsewhere shuts nobody out before ``email`` is reached."""

    both: int
    email: int
    network: int


LIMITS = {
    Attempt.LINK: Limit(both=3, email=6, network=60),
    Attempt.PASSWORD: Limit(both=5, email=30, network=60),
    Attempt.PROVIDER: Limit(both=30, email=30, network=60),
}


async def require(attempt: Attempt, *, network: str, email: str = "", now: datetime) -> None:
    """Count this attempt, in a transaction of its own: what fails after it must not take the count back.
    Raises TooManySignIns when one of its numbers is reached within the window; the refused one is not counted."""
    async with transaction() as session:
        for key, limit in _counted(attempt, network, email):
            await _count(session, key, limit, now)


async def forgive(session: AsyncSession, attempt: Attempt, *, network: str, email: str) -> None:
    """Who got in has no failed tries of their own; the network's stay."""
    mine = _digest(f"{attempt}:both:{email}:{network_of(network)}")
    await session.execute(delete(SignInAttempt).where(col(SignInAttempt.key_hash) == mine))


def network_of(address: str) -> str:
    """What is counted as one place. Anything that is no address is one place too."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        return f"{parsed.packed[: _V6_PREFIX // 8].hex()}/{_V6_PREFIX}"
    return str(parsed)


def _counted(attempt: Attempt, address: str, email: str) -> Sequence[tuple[bytes, int]]:
    """In one order for all, so that two never wait for each other."""
    limit, network = LIMITS[attempt], network_of(address)
    keys = [(f"{attempt}:network:{network}", limit.network)]
    if email:
        keys += [(f"{attempt}:both:{email}:{network}", limit.both), (f"{attempt}:email:{email}", limit.email)]
    return sorted((_digest(key), number) for key, number in keys)


def _digest(key: str) -> bytes:
    """Keyed: the plain digest of an address is found by trying all of them."""
    return digest(process_keyring().derived("throttle")[0], key.encode(errors="replace"), sha256)


async def _count(session: AsyncSession, key: bytes, limit: int, now: datetime) -> None:
    await session.execute(_ONE_AT_A_TIME, {"key": int.from_bytes(key[:8], signed=True)})
    mine = (SignInAttempt.key_hash == key, col(SignInAttempt.at) > now - WINDOW)
    count, first = (await session.execute(select(func.count(), func.min(SignInAttempt.at)).where(*mine))).one()
    if count >= limit:
        raise TooManySignIns(retry_after_seconds=int((first + WINDOW - now).total_seconds()) + 1)
    session.add(SignInAttempt(key_hash=key, at=now))
    await session.flush()
