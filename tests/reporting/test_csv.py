"""What a table shows as a file: whole, bounded, and no formula in it."""

import csv as reader
import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.pipeline.conftest import Shop
from tests.reporting.conftest import scope, sell
from tracking_core.reporting import csv, sales
from tracking_core.reporting.csv import MONEY, Table, cell, sheet_of
from tracking_core.reporting.pages import PAGE_MAX, Page, Place
from tracking_core.reporting.sales import SaleRow, SaleSearch
from tracking_core.reporting.sentences import of
from tracking_core.settings import Settings


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


@dataclass(frozen=True)
class Sold:
    at: datetime | None
    day: date
    price: Decimal = field(metadata=MONEY)
    currency: str | None
    score: Decimal
    name: str


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
    ("text", "told"),
    [
        ("Curso;=1+1;x", "Curso;'=1+1;x"),
        ("a,=b|+c\t-d\n@e", "a,'=b|'+c\t'-d\n'@e"),
        ('Curso;"=1+1"; =2', "Curso;'\"=1+1\";' =2"),
        (" =1", "' =1"),
        ("Pré-venda: 1+1 = 2; de R$ 97,50", "Pré-venda: 1+1 = 2; de R$ 97,50"),
    ],
)
def test_no_part_of_a_text_is_a_formula_wherever_it_is_split(text: str, told: str) -> None:
    assert cell(text, "en") == told


async def test_for_a_person_it_is_what_the_spreadsheet_of_the_language_opens(database: Settings) -> None:
    at, score = datetime(2026, 1, 1, 2, 30, tzinfo=UTC), Decimal("0.875")
    rows = (
        Sold(at, date(2026, 1, 31), Decimal("1997.9000"), "BRL", score, "a;b"),
        Sold(None, date(2026, 1, 31), Decimal("1000.0000"), "JPY", score, "a,b"),
    )

    async def read(_session: AsyncSession, _place: Place) -> Page[Sold]:
        return Page(rows, None)

    made = Table("sold", Sold, read)
    portuguese = await written(made, sheet=sheet_of("pt_BR"))
    assert portuguese.decode("utf-8-sig").splitlines() == [
        "at (America/Sao_Paulo);day;price;currency;score;name",
        '31/12/2025 23:30:00;31/01/2026;1997,90;BRL;0,875;"a;b"',
        ";31/01/2026;1000;JPY;0,875;a,b",
    ]
    english = await written(made, sheet=sheet_of("en"))
    assert english.decode("utf-8-sig").splitlines() == [
        "at (UTC),day,price,currency,score,name",
        "2026-01-01 02:30:00,2026-01-31,1997.90,BRL,0.875,a;b",
        ',2026-01-31,1000,JPY,0.875,"a,b"',
    ]


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
