"""What a place for credentials must do. Values arrive sealed with their tenant's data key: none sees clear text."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar
from uuid import UUID

import structlog

from tracking_core.models import VaultSecret
from tracking_core.secrets.errors import SecretStoreUnavailable, StoreFailure

Result = TypeVar("Result")
# Their own threads: a manager that hangs must not take those of others.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="secret-store")
log = structlog.get_logger()


class Backend(Protocol):
    """``keep`` and ``wipe`` change the row in hand, not the database. A call fails with SecretStoreUnavailable."""

    name: str

    async def keep(self, row: VaultSecret, sealed: bytes) -> None:
        """Keep the value under a name made from the row's id, and write on the row where it is."""
        ...

    async def fetch(self, row: VaultSecret) -> bytes:
        """The sealed value; raises SecretUnknown when it is not there."""
        ...

    async def wipe(self, row: VaultSecret) -> None:
        """Delete the value for good; done already is done."""
        ...

    async def drop(self, secret_id: UUID) -> None:
        """Delete the value of a row that is not there."""
        ...

    async def kept_outside(self) -> Collection[UUID]:
        """The ids of all rows whose values are outside the database, with or without their row."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


async def in_thread(backend: str, work: Callable[[], Result], seconds: float) -> Result:
    """Run a blocking client's call within a total time. A write given up may still arrive: the sweep finds it."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(_THREADS, work)
    except TimeoutError:
        failure = SecretStoreUnavailable(StoreFailure.TIMEOUT)
    except SecretStoreUnavailable as error:
        failure = error
    log.warning("secret_store_failed", backend=backend, failure=str(failure.failure))
    raise failure from None


def name_of(prefix: str, secret_id: UUID) -> str:
    return f"{prefix}/{secret_id}"


def ids_in(prefix: str, names: Collection[str]) -> set[UUID]:
    """The ids in names that are ours; whatever else stands there is left alone."""
    found = set()
    for name in names:
        head, _, tail = name.rpartition("/")
        try:
            secret_id = UUID(tail)
        except ValueError:
            continue
        if head == prefix and str(secret_id) == tail:
            found.add(secret_id)
    return found
