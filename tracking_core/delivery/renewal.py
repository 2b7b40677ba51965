"""Before each further request of a batch in memory: what of it is still ours, and may still be sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.lease import IS_REFUSED, UNDONE, Batch, Leased, withhold
from tracking_core.settings import Settings

# Of the whole batch, for its other parts wait as long; by their ids, for leases have no index.
_RENEW = f"""
UPDATE deliveries d SET due_at = :expires WHERE d.id = ANY(:ids) AND d.lease_id = :lease
RETURNING d.id, {IS_REFUSED} AS refused, {UNDONE} AS undone
"""  # noqa: S608 - the conditions are constants


async def sendable(
    session: AsyncSession, batch: Batch, part: Sequence[Leased], now: datetime, settings: Settings
) -> tuple[Leased, ...]:
    """Keep the lease, and say which of the part may be sent.

    Whose lease is over is another's or nobody's: erased, settled, or taken by a worker that took us for dead. Whose
    person has refused meanwhile, or whose sale was undone, ends here, wherever in the batch it is.
    """
    expires = now + timedelta(seconds=settings.delivery_lease_seconds)
    values = {"ids": [one.id for one in batch.deliveries], "lease": batch.lease_id, "expires": expires}
    rows = (await session.execute(text(_RENEW), values)).all()
    ours = {row.id for row in rows} - await withhold(session, rows)
    return tuple(one for one in part if one.id in ours)
