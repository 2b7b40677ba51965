"""Do one step to a bounded number of rows."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.privacy.step import Step

CHUNK = 1_000


async def apply(session: AsyncSession, step: Step, values: dict[str, Any], *, limit: int) -> int:
    """Do the step to at most ``limit`` rows; how many it was done to."""
    key = ", ".join(f"t.{column}" for column in step.key)
    same = " AND ".join(f"t.{column} = due.{column}" for column in step.key)
    due = f"WITH due AS (SELECT {key} FROM {step.table} AS t WHERE {step.due} LIMIT :limit FOR UPDATE OF t)"  # noqa: S608
    if step.sets:
        changes = ", ".join(f"{column} = {value}" for column, value in step.sets.items())
        statement = f"{due} UPDATE {step.table} AS t SET {changes} FROM due WHERE {same}"  # noqa: S608
    else:
        statement = f"{due} DELETE FROM {step.table} AS t USING due WHERE {same}"  # noqa: S608
    result = await session.execute(text(statement), {**values, "limit": limit})
    return int(result.rowcount)  # type: ignore[attr-defined]
