"""Let go of what is past due: a bounded batch in each transaction, counted in the run's row by the same transaction.

So a run that was stopped, by a crash or by hand, is gone on with where it was, and what its record says is what
happened. Two runners of one kind do no harm: a batch that finds the run held by another leaves it to them.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.db.partitions import drop_partition, expired_partitions
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import RetentionRun
from tracking_core.retention import steps
from tracking_core.retention.kinds import Effect, Kind, Policy
from tracking_core.retention.policy import POLICIES
from tracking_core.settings import Settings

BATCH = 1_000
# Sales go first: between two batches the database has a moment for them.
_PAUSE_SECONDS = 0.02
_AGAIN_AFTER_ERROR = timedelta(minutes=10)
log = structlog.get_logger()
Told = Callable[[RetentionRun], None]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: int
    partitions: int = 0


async def run(
    kind: Kind, settings: Settings, *, limit: int = BATCH, told: Told = lambda _row: None
) -> RetentionRun | None:
    """Run the kind to its end; ``told`` after each batch. None while another runner is at it.

    An error of the database ends the run with its name on record; nothing is half done, and the next run goes on.
    """
    try:
        await _begin(POLICIES[kind], settings)
        while True:
            row = await step(POLICIES[kind], limit)
            if row is None:
                return None
            told(row)
            if row.finished_at is not None:
                return row
            await asyncio.sleep(_PAUSE_SECONDS)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("retention_failed", kind=kind, error=type(error).__name__)
        return await _failed(kind, type(error).__name__)


async def run_due(settings: Settings) -> list[RetentionRun]:
    """Run every kind whose time has come again, and what was left unfinished."""
    async with transaction() as session:
        kinds = await due_kinds(session, clock.now())
    return await run_all(kinds, settings)


async def run_all(kinds: Iterable[Kind], settings: Settings, *, told: Told = lambda _row: None) -> list[RetentionRun]:
    """One after the other; the runs that were ours."""
    return [row for kind in kinds if (row := await run(kind, settings, told=told)) is not None]


async def due_kinds(session: AsyncSession, now: datetime) -> list[Kind]:
    last = await last_runs(session)
    return [kind for kind, policy in POLICIES.items() if _is_due(last.get(kind), policy, now)]


async def last_runs(session: AsyncSession) -> dict[Kind, RetentionRun]:
    """The newest of each kind that has one."""
    query = select(RetentionRun).ext(distinct_on(col(RetentionRun.kind)))
    rows = await session.scalars(query.order_by(col(RetentionRun.kind), col(RetentionRun.started_at).desc()))
    return {Kind(row.kind): row for row in rows.all() if row.kind in POLICIES}


def _is_due(last: RetentionRun | None, policy: Policy, now: datetime) -> bool:
    if last is None or last.finished_at is None:
        return True
    return last.started_at + (_AGAIN_AFTER_ERROR if last.error else policy.every) <= now


async def step(policy: Policy, limit: int) -> RetentionRun | None:
    """One batch of the kind's open run; finished when there was nothing left. None while another holds it."""
    async with transaction() as session:
        row = await _held(session, policy.kind)
        if row is None:
            return None
        done = await _batch(session, policy, row, clock.now(), limit)
        row.rows, row.partitions = row.rows + done.rows, row.partitions + done.partitions
        if not done.partitions and (policy.sweep is not None or not done.rows):
            row.finished_at = clock.now()
    if row.finished_at and row.rows:
        log.info("retention_done", kind=row.kind, rows=row.rows, partitions=row.partitions)
    return row


async def _begin(policy: Policy, settings: Settings) -> None:
    """Committed before anything is done, so that a run that fails at once is on record too. One that is open stays."""
    now = clock.now()
    begun = {
        "id": new_id(),
        "kind": policy.kind.value,
        "days": policy.days(settings),
        "cutoff": policy.cutoff(now, settings),
        "started_at": now,
        "rows": 0,
        "partitions": 0,
    }
    async with transaction() as session:
        await session.execute(insert(RetentionRun).values(begun).on_conflict_do_nothing())


async def _held(session: AsyncSession, kind: Kind) -> RetentionRun | None:
    """The kind's open run, locked; None when another holds it or has ended it."""
    is_open = (RetentionRun.kind == kind.value, col(RetentionRun.finished_at).is_(None))
    return (await session.scalars(select(RetentionRun).where(*is_open).with_for_update(skip_locked=True))).first()


async def _batch(session: AsyncSession, policy: Policy, row: RetentionRun, now: datetime, limit: int) -> _Batch:
    if policy.effect is Effect.DROPPED:
        return await _drop(session, row.cutoff)
    if policy.sweep is not None:
        return _Batch(await policy.sweep.run(row.cutoff, now))
    for step in policy.steps:
        if rows := await steps.clear(session, step, row.cutoff, limit=limit):
            return _Batch(rows)
    return _Batch(0)


async def _drop(session: AsyncSession, cutoff: datetime) -> _Batch:
    """One partition at a time: what comes in waits for each."""
    expired = await expired_partitions(session, cutoff)
    if not expired:
        return _Batch(0)
    await drop_partition(session, expired[0])
    log.info("partition_dropped", partition=expired[0].name)
    return _Batch(expired[0].rows, 1)


async def _failed(kind: Kind, error: str) -> RetentionRun | None:
    async with transaction() as session:
        row = await _held(session, kind)
        if row is not None:
            row.finished_at, row.error = clock.now(), error
    return row
