"""The end of a run: once what it brought has gone through the pipeline, the totals there and here."""

from datetime import timedelta

import structlog
from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import RunState
from tracking_core.reconciliation.compare import Span, compare
from tracking_core.reconciliation.holding import Held

log = structlog.get_logger()
# After so many looks the numbers are told as they stand.
_LOOKS_MAX = 12
_LONGEST = 300
_PENDING = text("""
SELECT EXISTS (SELECT FROM backfilled_items b JOIN received_webhooks w ON w.id = b.webhook_id
               WHERE b.run_id = :run AND w.state = 'received')
""")
_RECOVERED = text("""
SELECT count(DISTINCT b.sale_id) FROM backfilled_items b
JOIN conversions c ON c.endpoint_id = b.endpoint_id AND c.sale_id = b.sale_id
WHERE b.run_id = :run AND b.reason = 'missing'
""")


async def conclude(held: Held) -> None:
    """Finish the run, or look again a little later. Raises StaleFence."""
    async with transaction() as session:
        now = clock.now()
        run = await held.row(session, now)
        is_pending = (await session.execute(_PENDING, {"run": run.id})).scalar_one()
        if is_pending and run.attempts < _LOOKS_MAX:
            run.due_at = now + timedelta(seconds=min(2**run.attempts, _LONGEST))
            run.attempts += 1
            return
        span = Span(0, run.tenant_id, run.endpoint_id, run.gateway, run.created_at, run.since, run.until)
        found = (await compare(session, [span], most=1))[0]
        run.recovered = (await session.execute(_RECOVERED, {"run": run.id})).scalar_one()
        run.differences = found.differing
        run.totals = [
            {
                "status": line.status,
                "currency": line.currency,
                "theirs": line.theirs,
                "theirs_total": str(line.theirs_total),
                "ours": line.ours,
                "ours_total": str(line.ours_total),
            }
            for line in found.lines
        ]
        run.state, run.finished_at = RunState.DONE, now
    log.info(
        "reconciliation_done",
        run_id=str(run.id),
        gateway=run.gateway,
        found=run.found,
        missing=run.missing,
        changed=run.changed,
        differences=run.differences,
    )
