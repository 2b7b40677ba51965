"""One round: count, look at every objective, open and recover alerts. In one transaction, by one evaluator at a time.

Cut off anywhere it has done nothing, and run again it finds what is so and changes what is not yet so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts import erased, limits, matched, progress, ratios, reconciled, rhythm, withheld
from tracking_core.alerts.counting import count, forget
from tracking_core.alerts.findings import Finding
from tracking_core.alerts.lifecycle import Changes, apply
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.alerts.thresholds import Thresholds, load
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.logging import lines_about, lines_apart
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
    before = await progress.read(session)
    counted = await count(session, before.get(progress.COUNTED), now, settings)
    if counted < now:
        await progress.put(session, {progress.COUNTED: counted})
        return Round(is_current=False, changes=Changes((), ()))
    slow = now - before.get(progress.SLOW, now - SLOW_EVERY) >= SLOW_EVERY
    changes = await _looked(session, now, settings, with_slow=slow)
    names = (progress.COUNTED, progress.EVALUATED, *((progress.SLOW,) if slow else ()))
    await progress.put(session, dict.fromkeys(names, now))
    return Round(is_current=True, changes=changes)


async def _looked(session: AsyncSession, now: datetime, settings: Settings, *, with_slow: bool) -> Changes:
    if with_slow:
        await forget(session, now)
    findings = await _find(session, await load(session), now, settings, with_slow=with_slow)
    looked_at = {code for code, one in OBJECTIVES.items() if with_slow or not one.is_slow}
    return await apply(session, looked_at, findings, now)


async def run(settings: Settings) -> None:
    """The scheduler's job: rounds until the counts are up to now."""
    while (made := await _round(settings)) is not None and not made.is_current:
        pass


async def _round(settings: Settings) -> Round | None:
    async with transaction() as session:
        made = await evaluate(session, clock.now(), settings)
    for alert in (*made.changes.opened, *made.changes.recovered) if made else ():
        said = {"alert_id": str(alert.id), "objective": alert.objective, "scope": alert.scope, "state": alert.state}
        with lines_apart():
            lines_about(alert.tenant_id)
            log.warning("alert", **said)
    return made


async def _find(
    session: AsyncSession, thresholds: Thresholds, now: datetime, settings: Settings, *, with_slow: bool
) -> Sequence[Finding]:
    """What told of others comes first: of the hub before of a tenant."""
    found: list[Finding] = []
    for check in limits.FAST.values():
        found += await check(session, thresholds, now)
    found += await ratios.find(session, thresholds, now)
    if with_slow:
        found += await matched.find(session, thresholds, now)
        found += await limits.token_expiring(session, thresholds, now)
        found += await reconciled.find(session, thresholds, now, settings)
        found += await withheld.find(session, thresholds, now)
        found += await erased.find(session, thresholds, now, settings)
        for code in (Code.GATEWAY_SILENT, Code.BROWSER_SILENT):
            found += await rhythm.find(session, code, thresholds, now)
    return found
