"""The SQL of a policy's step: how much is past due, and a batch of it gone."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.retention.kinds import Step

# Rows are named by their place, which holds while they are locked: the tables have keys of every kind.
_DUE = """WITH due AS MATERIALIZED (
    SELECT t.ctid AS place{key} FROM {table} t WHERE {is_due} LIMIT :limit FOR UPDATE OF t SKIP LOCKED
)"""
_PLACES = "t.ctid = ANY(ARRAY(SELECT place FROM due))"
_COUNT = "SELECT count(*) FROM (SELECT FROM {table} t WHERE {is_due} LIMIT :limit) AS found"


async def count(session: AsyncSession, step: Step, cutoff: datetime, *, at_most: int) -> int:
    """How many rows are past due, counted up to ``at_most``."""
    if not await _is_there(session, step):
        return 0
    query = _COUNT.format(table=step.table, is_due=step.is_due)
    return await session.scalar(text(query), {"cutoff": cutoff, "limit": at_most}) or 0


async def clear(session: AsyncSession, step: Step, cutoff: datetime, *, limit: int, **values: object) -> int:
    """Let up to ``limit`` rows go; how many. What somebody else holds is left for the next run. ``values`` are those
    that the step names beside ``:cutoff``."""
    if not await _is_there(session, step):
        return 0
    done = await session.execute(text(_batch(step)), {"cutoff": cutoff, "limit": limit, **values})
    return int(done.rowcount)  # type: ignore[attr-defined]


def _batch(step: Step) -> str:
    key = ", t.id" if step.also else ""
    parts = [_DUE.format(key=key, table=step.table, is_due=step.is_due)]
    parts += [f"also{n} AS ({statement})" for n, statement in enumerate(step.also)]
    change, delete = "UPDATE {table} t SET {change}", "DELETE FROM {table} t"
    act = (change if step.change else delete).format(table=step.table, change=step.change)
    return f"{', '.join(parts)} {act} WHERE {_PLACES}"


async def _is_there(session: AsyncSession, step: Step) -> bool:
    if not step.is_optional:
        return True
    return await session.scalar(text("SELECT to_regclass(:table) IS NOT NULL"), {"table": step.table}) or False
