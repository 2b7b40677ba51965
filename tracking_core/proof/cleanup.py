"""End a proof: nothing of it is sent from now on. What it left stays, marked as made up."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.delivery.plan import PROOF_ENDED
from tracking_core.proof.run import ProofRun

# Without a connection a webhook that is processed only now plans nothing. The row itself stays for ever: without it
# the sale would pass for a real one.
_END = text("""
UPDATE synthetic_sales SET connection_id = NULL
WHERE tenant_id = :tenant AND gateway = :gateway AND sale_id = :sale AND connection_id IS NOT NULL RETURNING sale_id
""")
_WITHHOLD = text("""
UPDATE deliveries d SET state = 'withheld', reason = :reason
FROM conversions c WHERE c.id = d.conversion_id AND c.event_id = :event_id AND c.tenant_id = :tenant AND c.is_synthetic
  AND d.state IN ('waiting', 'retrying', 'dead') AND d.lease_id IS NULL
RETURNING d.id
""")
_LEFT = text("""
SELECT (SELECT count(*) FROM conversions c WHERE c.event_id = :event_id AND c.tenant_id = :tenant) AS sales,
    (SELECT count(*) FROM deliveries d JOIN conversions c ON c.id = d.conversion_id
     WHERE c.event_id = :event_id AND c.tenant_id = :tenant) AS deliveries,
    (SELECT count(*) FROM tracking_events e
     WHERE e.tenant_id = :tenant AND e.click_id = :click AND e.received_at >= :since) AS visits
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """``withheld`` deliveries were still to be sent and never will be. What stays, and how it is told from the real:
    ``sales`` (``is_synthetic``; in no total), their ``deliveries`` with attempts (``test_event_code``), ``visits`` (a
    bot's; matched to no other sale, gone with their retention), the webhook, and the announcement."""

    withheld: int
    sales: int
    deliveries: int
    visits: int


async def cleanup(session: AsyncSession, run: ProofRun, *, actor: str) -> Remains:
    """May be repeated. A delivery in a worker's hands at this moment is not stopped: clean up after the last hop."""
    values = {
        "tenant": run.tenant_id,
        "gateway": run.gateway,
        "sale": run.sale_id,
        "event_id": run.sale_event_id,
        "reason": PROOF_ENDED,
        "click": run.click_id,
        "since": run.started_at,
    }
    is_first = (await session.execute(_END, values)).first() is not None
    withheld = len((await session.execute(_WITHHOLD, values)).all())
    left = (await session.execute(_LEFT, values)).one()
    if is_first:
        record(
            session,
            actor=actor,
            action="proof.ended",
            subject=run.sale_id,
            tenant_id=run.tenant_id,
            withheld=withheld,
        )
    return Remains(withheld=withheld, sales=left.sales, deliveries=left.deliveries, visits=left.visits)
