"""Passwords of our own people: argon2id, and which ones are taken.

Length and what is guessed first decide, no rules of composition (NIST SP 800-63B, 3.1.1.2).
"""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from tracking_core.models import User
from tracking_core.users.errors import PasswordGuessable, PasswordIsEmail, PasswordTooLong, PasswordTooShort
from tracking_core.users.guessable import is_guessable

SHORTEST: Final = 12
LONGEST: Final = 200
# RFC 9106, section 4, the second recommended option: 64 MiB, three passes, four lanes.
_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
# Its threads bound the memory that any number of people at the door can take.
_THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="passwords")


def require_good(password: str, user: User) -> None:
    """Raises PasswordTooShort, PasswordTooLong, PasswordIsEmail or PasswordGuessable."""
    text = _normal(password)
    if len(text) < SHORTEST:
        raise PasswordTooShort(characters=SHORTEST)
    if len(text) > LONGEST:
        raise PasswordTooLong(characters=LONGEST)
    if text.strip().casefold() == user.email.casefold():
        raise PasswordIsEmail
    if is_guessable(text, (user.email, user.name)):
        raise PasswordGuessable


async def hashed(password: str) -> str:
    """With its parameters and salt, as argon2 writes them."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def is_theirs(password: str, stored: str | None) -> bool:
    """Takes as long where nothing is stored: that there is no such person must not show."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verified, _normal(password), stored)


def is_outdated(stored: str) -> bool:
    """Whether it was hashed by other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verified(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys(), password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def _normal(password: str) -> str:
    """What looks the same is the same, whichever keyboard wrote it."""
    return unicodedata.normalize("NFKC", password)
