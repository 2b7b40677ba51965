"""Many rows in one statement: they travel as one JSON text, so the statement is the same whatever their number, and is
prepared once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

NEW_ONLY = "ON CONFLICT DO NOTHING"


async def insert(
    session: AsyncSession,
    model: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: str = NEW_ONLY,
    returning: str = "",
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Insert the rows in the session's transaction; what RETURNING says of those inserted, in no order.

    Rows have the same keys, which are columns. ``conflict`` and ``returning`` are SQL of ours, never input.
    """
    if not rows:
        return ()
    statement = _statement(str(model.__tablename__), tuple(rows[0]), conflict, returning)
    result = await session.execute(statement, {"rows": orjson.dumps(rows, default=_text).decode()})
    return result.all() if returning else ()


def replacing(key: str, columns: Sequence[str]) -> str:
    """The conflict clause by which a later row wins over the one with the same key."""
    return f"ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns)


@lru_cache(maxsize=64)
def _statement(table: str, columns: tuple[str, ...], conflict: str, returning: str) -> TextClause:
    names = ", ".join(columns)
    tail = f" RETURNING {returning}" if returning else ""
    rows = f"json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
    return text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows} {conflict}{tail}")  # noqa: S608


def _text(value: object) -> str:
    """As Postgres reads it: bytes in hex, exact numbers by their digits."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
