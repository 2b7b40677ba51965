"""Hold what is being worked on: the lease renewed while the work goes on, the work cut when it is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracking_core.db.engine import transaction
from tracking_core.db.leases import Lease
from tracking_core.errors import StaleFence
from tracking_core.kit import clock

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def kept(lease: Lease, row: UUID, owner: UUID, fence: int, seconds: int) -> AsyncIterator[None]:
    """The lease renewed at every third of its time. Raises StaleFence in the place of work that lost it."""
    working = asyncio.current_task()
    lost = False

    async def renew() -> None:
        nonlocal lost
        while True:
            await asyncio.sleep(seconds / 3)
            if not await _renewed(lease, row, owner, fence, seconds):
                lost = True
                assert working is not None
                working.cancel()
                return

    renewing = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            raise StaleFence from None
        raise
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renewed(lease: Lease, row: UUID, owner: UUID, fence: int, seconds: int) -> bool:
    """A database that is away is asked again at the next third; the fence guards what is written meanwhile."""
    try:
        async with transaction() as session:
            return await lease.renew(session, row, owner, fence, clock.now(), seconds=seconds)
    except (SQLAlchemyError, OSError) as error:
        log.warning("lease_not_renewed", table=lease.table, error=type(error).__name__)
        return True
