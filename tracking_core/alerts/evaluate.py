"""One round: count, look at every objective, open and recover alerts. In one transaction, by one evaluator at a time.

Cut off anywhere it has done nothing, and run again it finds what is so and changes what is not yet so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts import limits, matched, progress, ratios, rhythm
from tracking_core.alerts.counting import count, forget
from tracking_core.alerts.findings import Finding
from tracking_core.alerts.lifecycle import Changes, apply
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds, load
from tracking_core.db.engine import AWAY, transaction
from tracking_core.kit import clock
from tracking_core.settings import Settings

SLOW_EVERY = timedelta(minutes=5)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Round:
    """``is_current`` False: after a long pause only the counts came a chunk further, and nothing was looked at."""

    is_current: bool
    changes: Changes


async def evaluate(session: AsyncSession, now: datetime, settings: Settings) -> Round | None:
    """None while another evaluates."""
    if not await progress.is_ours(session):
        return None
    if not await count(session, now, settings):
        return Round(is_current=False, changes=Changes((), ()))
    thresholds, slow = await load(session), await _is_slow_due(session, now)
    findings = await _find(session, thresholds, now, with_slow=slow)
    looked_at = {code for code, one in OBJECTIVES.items() if slow or not one.is_slow}
    changes = await apply(session, looked_at, findings, now)
    await progress.put(session, progress.EVALUATED, now)
    return Round(is_current=True, changes=changes)


async def run(settings: Settings) -> None:
    """The scheduler's job: rounds until the counts are up to now. Raises only when the database is away."""
    try:
        while (made := await _round(settings)) is not None and not made.is_current:
            pass
    except AWAY:
        raise
    except Exception as error:
        log.exception("alerts_not_evaluated", error=type(error).__name__)


async def _round(settings: Settings) -> Round | None:
    async with transaction() as session:
        made = await evaluate(session, clock.now(), settings)
    for alert in (*made.changes.opened, *made.changes.recovered) if made else ():
        log.warning("alert", alert_id=str(alert.id), objective=alert.objective, scope=alert.scope, state=alert.state)
    return made


async def _is_slow_due(session: AsyncSession, now: datetime) -> bool:
    last = await progress.get(session, progress.SLOW)
    if last is not None and now - last < SLOW_EVERY:
        return False
    await progress.put(session, progress.SLOW, now)
    await forget(session, now)
    return True


async def _find(session: AsyncSession, thresholds: Thresholds, now: datetime, *, with_slow: bool) -> Sequence[Finding]:
    """What told of others comes first: of the hub before of a tenant."""
    found: list[Finding] = []
    for check in limits.FAST.values():
        found += await check(session, thresholds, now)
    found += await ratios.find(session, thresholds, now)
    if with_slow:
        found += await matched.find(session, thresholds, now)
        found += await limits.token_expiring(session, thresholds, now)
        for code in (Code.GATEWAY_SILENT, Code.BROWSER_SILENT):
            found += await rhythm.find(session, code, thresholds, now)
    return found
