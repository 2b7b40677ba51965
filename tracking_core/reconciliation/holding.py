"""Hold a run: one worker at it, and of one endpoint's runs one at a time, for they share the seller's rate limit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.db.leases import Lease
from tracking_core.errors import StaleFence
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ReconciliationRun, RunState

OPEN = (RunState.READING, RunState.COMPARING)
# Longer than the calls of one step may take, a renewed sign-in among them.
LEASE_SECONDS = 120
_LATER = timedelta(seconds=5)
_LEASE = Lease("reconciliation_runs", "id")
# Not FOR UPDATE: webhooks that come in refer to the endpoint meanwhile.
_ONE_AT_A_TIME = text("SELECT id FROM webhook_endpoints WHERE id = :endpoint FOR NO KEY UPDATE")
_OTHER = text("""
SELECT EXISTS (SELECT FROM reconciliation_runs
               WHERE endpoint_id = :endpoint AND id <> :run AND state IN ('reading', 'comparing')
                 AND lease_owner IS NOT NULL AND lease_until > :now)
""")


@dataclass(frozen=True, slots=True)
class Held:
    """The run as it was when it was taken."""

    run: ReconciliationRun
    owner: UUID
    fence: int

    async def row(self, session: AsyncSession, now: datetime) -> ReconciliationRun:
        """The run for this transaction, its lease renewed. Raises StaleFence when it is another worker's."""
        await _LEASE.require(session, self.run.id, self.fence)
        if not await _LEASE.renew(session, self.run.id, self.owner, self.fence, now, seconds=LEASE_SECONDS):
            raise StaleFence
        return await session.get_one(ReconciliationRun, self.run.id, populate_existing=True)

    async def release(self) -> None:
        async with transaction() as session:
            await _LEASE.release(session, self.run.id, self.owner, self.fence)


async def take(run_id: UUID) -> Held | None:
    """None when there is nothing to do now or somebody is at it. While another run is read, this one is put off."""
    now = clock.now()
    async with transaction() as session:
        run = await session.get(ReconciliationRun, run_id)
        if run is None or run.state not in OPEN or run.due_at > now:
            return None
        values = {"endpoint": run.endpoint_id, "run": run_id, "now": now}
        await session.execute(_ONE_AT_A_TIME, values)
        if (await session.execute(_OTHER, values)).scalar_one():
            run.due_at = now + _LATER
            return None
        owner = new_id()
        fence = await _LEASE.take(session, run_id, owner, now, seconds=LEASE_SECONDS)
        if fence is None:
            return None
        await session.refresh(run)
        return Held(run, owner, fence) if run.state in OPEN else None
