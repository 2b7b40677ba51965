"""What a table shows as a CSV file (RFC 4180, UTF-8 with a BOM, which Excel asks for), page by page as it is read.

Each page is read in a transaction of its own, so a slow reader holds none open. A text that a spreadsheet would take
for a formula gets a leading apostrophe.
"""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.reporting.pages import PAGE_MAX, Page, Place
from tracking_core.reporting.sentences import Sentence

# A file of so many rows still opens in a spreadsheet; whoever wants more asks for shorter times.
ROWS_MAX = 50_000
_BOM = "\ufeff"
# Spreadsheets read the full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Table(Generic[_T]):
    """``name`` is that of its pages, ``shape`` the dataclass of its rows, whose fields are the columns; ``read`` gives
    the page at a place."""

    name: str
    shape: type[_T]
    read: Callable[[AsyncSession, Place], Awaitable[Page[_T]]]


async def export(table: Table[_T], locale: str, *, most: int = ROWS_MAX) -> AsyncIterator[bytes]:
    """The header, then at most ``most`` rows, newest first."""
    names = [one.name for one in fields(table.shape)]  # type: ignore[arg-type]
    yield (_BOM + _lines([names])).encode()
    cursor, left = None, most
    while left > 0:
        async with transaction() as session:
            page = await table.read(session, Place(table.name, cursor, min(left, PAGE_MAX)))
        if page.items:
            yield _lines([_cells(item, names, locale) for item in page.items]).encode()
        cursor, left = page.next, left - len(page.items)
        if cursor is None:
            break


def cell(value: Any, locale: str) -> str:
    """Times in UTC, exact numbers by their digits, sentences in the language, nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Sentence():
            return _harmless(value.told(locale))
        case StrEnum():
            return value.value
        case str():
            return _harmless(value)
        case dict() | list():
            return _harmless(orjson.dumps(value, default=str).decode())
    return str(value)


def _cells(item: object, names: Sequence[str], locale: str) -> list[str]:
    return [cell(getattr(item, name), locale) for name in names]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
