"""Pages by key, newest first: a row that comes in between moves none of the others."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest
from tracking_core.reporting.scope import Where

PAGE_MAX = 500
CURSOR_UNKNOWN = "This is not a place in this table. Begin again without it."
_CURSOR_LIMIT = 200
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """``next`` is where the following page begins; None on the last."""

    items: tuple[_T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """``limit`` rows of the ``table`` after ``cursor``, which a page of the same table gave; None is the beginning."""

    table: str
    cursor: str | None = None
    limit: int = 50

    def after(self, where: Where, alias: str) -> None:
        """Narrow to what comes after the cursor. Raises InvalidRequest for one that no page of this table gave."""
        where.values["limit"] = self.limit + 1
        if self.cursor is not None:
            at, row_id = _opened(self.table, self.cursor)
            where.add(f"({alias}.created_at, {alias}.id) < (:after_at, :after_id)", after_at=at, after_id=row_id)

    def page(self, rows: Sequence[Row[Any]], made: Callable[[Row[Any]], _T]) -> Page[_T]:
        """Of ``limit + 1`` rows, the last only tells that there is more."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page(tuple(made(row) for row in shown), _sealed(self.table, shown[-1]) if more else None)


async def exceeds(session: AsyncSession, rows: str, where: Where, most: int) -> bool:
    """Whether more than ``most`` rows fit; not one more is counted. ``rows`` is what is read FROM."""
    query = f"SELECT count(*) > :most FROM (SELECT FROM {rows} WHERE {where.text} LIMIT :most + 1) counted"  # noqa: S608
    return bool(await session.scalar(text(query), {**where.values, "most": most}))


def newest_first(alias: str) -> str:
    return f"ORDER BY {alias}.created_at DESC, {alias}.id DESC LIMIT :limit"


def _sealed(table: str, row: Row[Any]) -> str:
    return base64.urlsafe_b64encode(f"{table}|{row.created_at.isoformat()}|{row.id}".encode()).decode().rstrip("=")


def _opened(table: str, cursor: str) -> tuple[datetime, UUID]:
    try:
        if len(cursor) > _CURSOR_LIMIT:
            raise ValueError
        said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        named, at, row_id = said.split("|")
        moment = datetime.fromisoformat(at)
        if named != table or moment.tzinfo is None:
            raise ValueError
        return moment, UUID(row_id)
    except (ValueError, binascii.Error):
        raise InvalidRequest([problem("cursor", CURSOR_UNKNOWN)]) from None
