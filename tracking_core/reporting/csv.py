"""What a table shows as a CSV file (RFC 4180, UTF-8 with a BOM, which Excel asks for), page by page as it is read.

Each page is read in a transaction of its own, so a slow reader holds none open. For programs it is comma separated, in
UTC and to the last digit; for people it is a ``Sheet``, as the spreadsheet of their language opens it. A text that one
would take for a formula gets an apostrophe, and so does every part of it that would be a cell if it was split there:
Excel splits by what the computer is set to, not by what the file says.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import Field, dataclass, fields
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar, get_args

import orjson
from babel.numbers import get_currency_precision
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.handoff.sla import ZONE
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.reporting.in_time import in_time
from tracking_core.reporting.pages import PAGE_MAX, Page, Place
from tracking_core.reporting.sentences import Sentence

# A file of so many rows still opens in a spreadsheet; whoever wants more asks for shorter times.
ROWS_MAX = 50_000
_BOM = "\ufeff"
# Of a field of a table's shape that is money in the row's ``currency``.
MONEY = {"is_money": True}
# Where a cell begins, were the file split there, that a formula's sign follows: spreadsheets read the full-width forms
# too, and pass over blanks and quotes.
_BEFORE_FORMULA = re.compile(r'(^|[;,|\t\r\n])(?=(?:[^\S\t\r\n]|")*[=+\-@＝＋－＠])')
_BLANKS = ("\t", "\r", "\n")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a spreadsheet takes for the next cell, a number, a time and a day. Times are those of the ``zone``, and the
    column's name tells which."""

    delimiter: str
    decimal: str
    zone: tzinfo
    zone_name: str
    moment: str
    day: str


_SHEETS = {DEFAULT_LOCALE: Sheet(";", ",", ZONE, ZONE.key, "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")}
_SHEET = Sheet(",", ".", UTC, "UTC", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Table(Generic[_T]):
    """``name`` is that of its pages, ``shape`` the dataclass of its rows, whose fields are the columns; ``read`` gives
    the page at a place, and ``exceeds`` says whether there are more rows than so many; without it there never are."""

    name: str
    shape: type[_T]
    read: Callable[[AsyncSession, Place], Awaitable[Page[_T]]]
    exceeds: Callable[[AsyncSession, int], Awaitable[bool]] | None = None


def sheet_of(locale: str) -> Sheet:
    return _SHEETS.get(locale, _SHEET)


async def cut_at(session: AsyncSession, table: Table[_T], page: Page[_T]) -> int | None:
    """After how many rows the file ends, if the table of this page goes on. One too long to be counted in time does."""
    exceeds = table.exceeds
    if page.next is None or exceeds is None:
        return None
    fits = await in_time(session, lambda: exceeds(session, ROWS_MAX)) is False
    return None if fits else ROWS_MAX


async def export(
    table: Table[_T], locale: str, *, sheet: Sheet | None = None, most: int = ROWS_MAX
) -> AsyncIterator[bytes]:
    """The header, then at most ``most`` rows, newest first."""
    columns = fields(table.shape)  # type: ignore[arg-type]
    yield (_BOM + _lines([[_heading(one, sheet) for one in columns]], sheet)).encode()
    cursor, left = None, most
    while left > 0:
        async with transaction() as session:
            page = await table.read(session, Place(table.name, cursor, min(left, PAGE_MAX)))
        if page.items:
            yield _lines([_cells(item, columns, locale, sheet) for item in page.items], sheet).encode()
        cursor, left = page.next, left - len(page.items)
        if cursor is None:
            break


def cell(value: Any, locale: str, sheet: Sheet | None = None) -> str:
    """Times in UTC, exact numbers by their digits, sentences in the language, nothing for None; in a sheet, times and
    numbers as it has them."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return value.astimezone(sheet.zone).strftime(sheet.moment) if sheet else value.astimezone(UTC).isoformat()
        case date() if sheet:
            return value.strftime(sheet.day)
        case Decimal() | float() if sheet:
            return str(value).replace(".", sheet.decimal)
        case Sentence():
            return _harmless(value.told(locale))
        case StrEnum():
            return value.value
        case str():
            return _harmless(value)
        case dict() | list():
            return _harmless(orjson.dumps(value, default=str).decode())
    return str(value)


def _heading(column: Field[Any], sheet: Sheet | None) -> str:
    is_time = datetime in (column.type, *get_args(column.type))
    return f"{column.name} ({sheet.zone_name})" if sheet and is_time else column.name


def _cells(item: object, columns: Sequence[Field[Any]], locale: str, sheet: Sheet | None) -> list[str]:
    values = [(one, getattr(item, one.name)) for one in columns]
    if sheet is None:
        return [cell(value, locale) for _, value in values]
    currency = getattr(item, "currency", None)
    return [cell(_money(value, currency) if one.metadata == MONEY else value, locale, sheet) for one, value in values]


def _money(amount: Decimal | None, currency: str | None) -> Decimal | None:
    """With as many digits as the currency has."""
    if amount is None:
        return None
    return round(amount, get_currency_precision(currency) if currency else 2)


def _harmless(text: str) -> str:
    told = _BEFORE_FORMULA.sub(r"\1'", text)
    return f"'{told}" if text.startswith(_BLANKS) and not told.startswith("'") else told


def _lines(rows: Sequence[Sequence[str]], sheet: Sheet | None) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n", delimiter=sheet.delimiter if sheet else ",").writerows(rows)
    return written.getvalue()
