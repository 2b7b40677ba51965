"""A row as it was, and back. PostgreSQL's own JSON of a row is exact for every type we keep, sealed bytes included."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

Row = dict[str, Any]


async def snapshot(
    session: AsyncSession, model: type[SQLModel], row_id: UUID | None, columns: Sequence[str] = ()
) -> Row | None:
    """Every column of the row (or those named), or None if there is no such row."""
    if row_id is None:
        return None
    await session.flush()
    query = text(f"SELECT to_jsonb(t) FROM {model.__tablename__} t WHERE id = :id")  # noqa: S608 - a table's name
    found: Row | None = (await session.execute(query, {"id": row_id})).scalar_one_or_none()
    return {name: found[name] for name in ("id", *columns)} if found and columns else found


async def restore(session: AsyncSession, model: type[SQLModel], row: Row) -> None:
    """Put the row's columns back to the snapshot's values. Objects loaded before are refreshed from the database."""
    await session.flush()
    known = {column.name for column in model.__table__.columns}  # type: ignore[attr-defined]
    names = ", ".join(sorted(known & set(row) - {"id"}))
    table = str(model.__tablename__)
    values = f"SELECT {names} FROM jsonb_populate_record(NULL::{table}, CAST(:row AS jsonb))"  # noqa: S608 - our names
    query = text(f"UPDATE {table} SET ({names}) = ({values}) WHERE id = :id")  # noqa: S608
    await session.execute(query, {"row": orjson.dumps(row).decode(), "id": row["id"]})
    session.expire_all()


async def delete(session: AsyncSession, model: type[SQLModel], row_id: UUID, *, first: Sequence[str] = ()) -> bool:
    """False when other rows refer to it, and then nothing is deleted. ``first`` is SQL of ours, given ``:id``."""
    try:
        async with session.begin_nested():
            for statement in (*first, f"DELETE FROM {model.__tablename__} WHERE id = :id"):  # noqa: S608
                await session.execute(text(statement), {"id": row_id})
    except IntegrityError:
        return False
    session.expire_all()
    return True
