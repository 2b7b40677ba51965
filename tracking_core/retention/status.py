"""Each kind of data as an operator sees it: how long it is kept, what is past due, and what its last run did."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.partitions import expired_partitions
from tracking_core.models import RetentionRun
from tracking_core.retention import steps
from tracking_core.retention.kinds import Effect, Kind, Policy
from tracking_core.retention.policy import POLICIES
from tracking_core.retention.run import last_runs
from tracking_core.settings import Settings

# Enough to see that it is a lot, and counted in a moment.
COUNT_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KindStatus:
    """``past_due`` is counted up to ``COUNT_MAX`` of each table; of events it is PostgreSQL's estimate. What became
    past due since the last run goes with the next one. A run that is under way is ``last`` without ``finished_at``."""

    kind: Kind
    effect: Effect
    days: int
    cutoff: datetime
    past_due: int
    past_due_partitions: int
    last: RetentionRun | None

    @property
    def is_running(self) -> bool:
        return self.last is not None and self.last.finished_at is None

    @property
    def is_more(self) -> bool:
        return self.past_due >= COUNT_MAX and not self.past_due_partitions


async def overview(session: AsyncSession, settings: Settings, now: datetime) -> list[KindStatus]:
    """Every kind, in the order of the policy."""
    last = await last_runs(session)
    return [await _status(session, policy, last.get(kind), settings, now) for kind, policy in POLICIES.items()]


async def runs(session: AsyncSession, *, kind: Kind | None = None, limit: int = 100) -> list[RetentionRun]:
    """The newest first."""
    query = select(RetentionRun).order_by(col(RetentionRun.started_at).desc(), col(RetentionRun.id).desc())
    if kind is not None:
        query = query.where(RetentionRun.kind == kind.value)
    return list((await session.scalars(query.limit(limit))).all())


async def _status(
    session: AsyncSession, policy: Policy, last: RetentionRun | None, settings: Settings, now: datetime
) -> KindStatus:
    cutoff = policy.cutoff(now, settings)
    past_due, partitions = await _past_due(session, policy, cutoff, now)
    return KindStatus(
        kind=policy.kind,
        effect=policy.effect,
        days=policy.days(settings),
        cutoff=cutoff,
        past_due=past_due,
        past_due_partitions=partitions,
        last=last,
    )


async def _past_due(session: AsyncSession, policy: Policy, cutoff: datetime, now: datetime) -> tuple[int, int]:
    """Rows, and whole partitions."""
    if policy.effect is Effect.DROPPED:
        expired = await expired_partitions(session, cutoff)
        return sum(one.rows for one in expired), len(expired)
    if policy.sweep is not None:
        return await policy.sweep.due(session, cutoff, now, at_most=COUNT_MAX), 0
    counts = [await steps.count(session, step, cutoff, at_most=COUNT_MAX) for step in policy.steps]
    return sum(counts), 0
