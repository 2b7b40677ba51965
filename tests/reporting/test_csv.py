"""What a table shows as a file: whole, bounded, and no formula in it."""

import csv as reader
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import scope, sell
from tracking_core.reporting import csv, sales
from tracking_core.reporting.csv import Table, cell
from tracking_core.reporting.pages import PAGE_MAX, Page, Place
from tracking_core.reporting.sales import SaleRow, SaleSearch
from tracking_core.reporting.sentences import of


@dataclass(frozen=True)
class Row:
    name: str
    number: int


def table(rows: int, name: str = "x") -> Table[Row]:
    """So many made-up rows; the cursor is how many were read."""

    async def read(_session: AsyncSession, place: Place) -> Page[Row]:
        start = int(place.cursor or 0)
        end = min(rows, start + place.limit)
        items = tuple(Row(f"{name}{number}", number) for number in range(start, end))
        return Page(items, str(end) if end < rows else None)

    return Table("made_up", Row, read)


async def written(of_table: Table[Any], **how: Any) -> bytes:
    return b"".join([part async for part in csv.export(of_table, "en", **how)])


def parsed(file: bytes) -> list[list[str]]:
    return list(reader.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


async def test_a_file_holds_the_ledger_as_the_table_shows_it(ana: Shop) -> None:
    await sell(ana, "HP1", product_name='Curso "Ação", parte 1\nnova')

    async def read(session: AsyncSession, place: Place) -> Page[SaleRow]:
        return await sales.search(session, scope(ana), SaleSearch(), place)

    file = await written(Table(sales.TABLE, SaleRow, read))
    assert file.startswith(b"\xef\xbb\xbfid,tenant_id,")
    assert file.endswith(b"\r\n")
    names, row = parsed(file)
    said = dict(zip(names, row, strict=True))
    assert (said["sale_id"], said["state"], said["amount"]) == ("HP1", "delivered", "197.0000")
    assert said["product_name"].startswith('Curso "Ação", parte 1')
    assert (said["reason"], said["is_synthetic"], said["match_rule"]) == ("", "false", "none")
    assert datetime.fromisoformat(said["created_at"]).tzinfo is not None


@pytest.mark.parametrize("rows", [0, 1, PAGE_MAX, PAGE_MAX + 1, 3 * PAGE_MAX])
async def test_every_row_is_in_it_once(ana: Shop, rows: int) -> None:
    lines = parsed(await written(table(rows)))
    assert lines[0] == ["name", "number"]
    assert [line[1] for line in lines[1:]] == [str(number) for number in range(rows)]


async def test_it_ends_at_the_stated_maximum(ana: Shop) -> None:
    assert len(parsed(await written(table(2 * PAGE_MAX), most=PAGE_MAX + 7))) == 1 + PAGE_MAX + 7


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
async def test_no_text_is_a_formula(ana: Shop, start: str) -> None:
    [_, row] = parsed(await written(table(1, f"{start}cmd|' /C calc'!A")))
    assert row[0] == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (datetime(2026, 11, 26, 13, tzinfo=UTC), "2026-11-26T13:00:00+00:00"),
        (Decimal("-1.50"), "-1.50"),
        (-3, "-3"),
        ("a=b", "a=b"),
        ({"replayed": 1}, '{"replayed":1}'),
        (of("=SUM({n})", n=1), "'=SUM(1)"),
    ],
)
def test_a_cell_says_its_value(value: Any, text: str) -> None:
    assert cell(value, "en") == text
