"""Error budgets of the last 28 days, and how fast they burn, for one tenant or for the whole hub."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.burn import Counted, remaining
from tracking_core.alerts.registry import BUDGET_WINDOW, PAIRS, RATIOS, Code, Objective
from tracking_core.alerts.thresholds import Thresholds, load
from tracking_core.reporting.scope import Scope
from tracking_core.reporting.sentences import Sentence

WINDOWS = tuple(sorted({window for pair in PAIRS for window in (pair.long, pair.short)}))
# Windows of a day and more are read by the hour: their edge is an hour wide.
_BY_HOUR = timedelta(days=1)
_SUMS = """
SELECT objective, sum(good) AS good, sum(total) AS total, sum(excused) AS excused
FROM {table} WHERE objective = ANY(:codes) AND {whose} AND at >= :since AND at < :until GROUP BY objective
"""


class Condition(StrEnum):
    """``spent``: more went wrong than the budget allows. ``unknown``: nothing was counted yet."""

    OK = "ok"
    SPENT = "spent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BurnRate:
    """``rate`` 1 uses the budget up in exactly 28 days."""

    window_seconds: int
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``remaining`` is the share of the budget that is left: 1 is all of it, below 0 it is overspent. ``excused`` were
    late or failed for what is not the hub's to deliver, and are in neither ``good`` nor ``total``."""

    objective: Code
    tenant_id: UUID | None
    promise: Sentence
    target: float
    window_days: int
    good: int
    bad: int
    total: int
    excused: int
    remaining: float
    condition: Condition
    burns: tuple[BurnRate, ...]


@dataclass(frozen=True, slots=True)
class _Sum:
    good: int = 0
    total: int = 0
    excused: int = 0

    @property
    def counted(self) -> Counted:
        return Counted(self.total - self.good, self.total)


async def budgets(session: AsyncSession, scope: Scope, now: datetime) -> list[Budget]:
    """Of each ratio, in the registry's order. ``EVERYONE``: the hub's own, over all tenants."""
    thresholds = await load(session)
    spans = {window: await _summed(session, scope, now, window) for window in (*WINDOWS, BUDGET_WINDOW)}
    objectives = [one for one in RATIOS if (one.is_of_hub if scope.tenant_id is None else one.is_of_tenants)]
    return [
        _budget(one, scope, thresholds, {window: found.get(one.code, _Sum()) for window, found in spans.items()})
        for one in objectives
    ]


async def _summed(session: AsyncSession, scope: Scope, now: datetime, window: timedelta) -> dict[str, _Sum]:
    table = "slo_hours" if window >= _BY_HOUR else "slo_minutes"
    whose = "tenant_id IS NULL" if scope.tenant_id is None else "tenant_id = :tenant"
    values: dict[str, Any] = {"codes": [one.code.value for one in RATIOS], "since": now - window, "until": now}
    if scope.tenant_id is not None:
        values["tenant"] = scope.tenant_id
    rows = await session.execute(text(_SUMS.format(table=table, whose=whose)), values)
    return {row.objective: _sum(row) for row in rows}


def _sum(row: Row[Any]) -> _Sum:
    return _Sum(int(row.good), int(row.total), int(row.excused))


def _budget(objective: Objective, scope: Scope, thresholds: Thresholds, sums: dict[timedelta, _Sum]) -> Budget:
    target, whole = thresholds.of(objective.code, scope.tenant_id)["target"], sums[BUDGET_WINDOW]
    left = remaining(whole.counted, target)
    burns = [BurnRate(int(window.total_seconds()), sums[window].counted.burn(target)) for window in WINDOWS]
    return Budget(
        objective=objective.code,
        tenant_id=scope.tenant_id,
        promise=Sentence(objective.promise),
        target=target,
        window_days=BUDGET_WINDOW.days,
        good=whole.good,
        bad=whole.counted.bad,
        total=whole.total,
        excused=whole.excused,
        remaining=left,
        condition=Condition.UNKNOWN if not whole.total else Condition.SPENT if left < 0 else Condition.OK,
        burns=tuple(burns),
    )
