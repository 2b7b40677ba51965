"""The ledger as a table: found by what a person knows, in pages that hold still, each seller's its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import track, verdict
from tests.reporting.conftest import ANA, BETO, announced, scope, sell
from tracking_core.db.engine import engine, transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_hex
from tracking_core.ledger import read as ledger
from tracking_core.ledger.read import LedgerState
from tracking_core.reporting import sales
from tracking_core.reporting.in_time import in_time
from tracking_core.reporting.pages import Page, Place
from tracking_core.reporting.sales import SaleRow, SaleSearch, email_subject
from tracking_core.reporting.scope import EVERYONE, Period, Scope
from tracking_core.tenants import service as tenants


async def page(of: Scope, *, cursor: str | None = None, limit: int = 50, **wanted: Any) -> Page[SaleRow]:
    async with transaction() as session:
        return await sales.search(session, of, SaleSearch(**wanted), Place(sales.TABLE, cursor, limit))


async def found(of: Scope, **wanted: Any) -> list[str]:
    return sorted(row.sale_id for row in (await page(of, **wanted)).items)


@contextmanager
def asked_of_the_database() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append(f"{statement} {parameters}")

    event.listen(engine().sync_engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine().sync_engine, "before_cursor_execute", note)


async def test_a_sale_is_found_by_its_id_and_by_how_that_begins(ana: Shop) -> None:
    await sell(ana, "HP100", "HP101", "HP200", "HP_1", "HPx1")
    assert await found(scope(ana), order="HP100") == ["HP100"]
    assert await found(scope(ana), order="HP10") == ["HP100", "HP101"]
    assert await found(scope(ana), order="HP_") == ["HP_1"]
    assert await found(scope(ana), order="%") == []


@pytest.mark.parametrize(
    "spelling", ["Maria.Silva@Example.com", "  maria.silva@example.COM ", "maria.silva@example.com"]
)
async def test_a_buyer_is_found_however_the_address_is_spelled(ana: Shop, spelling: str) -> None:
    await sell(ana, "HP1", "HP2", email="maria.silva@example.com", phone="")
    await sell(ana, "HP3", email="mariasilva@example.com", phone="")
    assert await found(scope(ana), person=email_subject(spelling)) == ["HP1", "HP2"]


async def test_a_buyer_is_found_by_the_hash_of_the_address_and_what_is_no_address_is_refused(ana: Shop) -> None:
    await sell(ana, "HP1", email="maria@example.com")
    assert await found(scope(ana), person=email_subject(sha256_hex("maria@example.com"))) == ["HP1"]
    for said in ("maria", "", "a@b", "maria@example.com, ana@example.com"):
        with pytest.raises(InvalidRequest):
            email_subject(said)


async def test_the_clear_address_never_reaches_the_database(ana: Shop) -> None:
    await sell(ana, "HP1", email="maria@example.com")
    with asked_of_the_database() as said:
        assert await found(scope(ana), person=email_subject("maria@example.com")) == ["HP1"]
    assert said
    assert not [statement for statement in said if "maria" in statement]


async def test_a_sale_is_found_by_its_click_also_by_one_that_never_came(ana: Shop) -> None:
    click = await track(ana, fbclid="x")
    await sell(ana, "HP1", click_id=click["click_id"])
    await sell(ana, "HP2", click_id="hLOSTclick00000000001")
    assert await found(scope(ana), click_id=click["click_id"]) == ["HP1"]
    assert await found(scope(ana), click_id="hLOSTclick00000000001") == ["HP2"]
    assert await found(scope(ana), click_id="hLOST") == []
    [row] = (await page(scope(ana), click_id=click["click_id"])).items
    assert (row.click_id, row.match_rule, row.match_score) == (click["click_id"], "click_id", Decimal(1))


async def test_filters_narrow_together(ana: Shop) -> None:
    await sell(ana, "HP1")
    await ana.webhook("HP2", "pending")
    await sell(ana, "KW1", gateway="kiwify")
    async with transaction() as session:
        other = await tenants.connect_meta(session, ana.tenant_id, "999", "EAAother", actor="test")
    await sell(ana, "HP3")
    mine = scope(ana)
    assert await found(mine, state=LedgerState.WAITING) == ["HP2", "HP3"]
    assert await found(mine, state=LedgerState.WAITING, connection_id=other.id) == ["HP3"]
    assert await found(mine, gateway="kiwify") == ["KW1"]
    assert await found(mine, dataset_id="999") == ["HP3"]
    assert await found(mine, dataset_id="1000000001") == ["HP1", "HP3", "KW1"]
    assert await found(mine, connection_id=ana.connection_id, gateway="hotmart") == ["HP1", "HP3"]


async def test_the_range_is_of_when_the_sale_was_first_heard_of(ana: Shop) -> None:
    await sell(ana, "HP1")
    between = clock.now()
    await sell(ana, "HP2")
    assert await found(scope(ana), period=Period(until=between)) == ["HP1"]
    assert await found(scope(ana), period=Period(since=between)) == ["HP2"]
    with pytest.raises(InvalidRequest):
        Period(between, between - timedelta(seconds=1))


async def test_made_up_sales_are_listed_only_when_asked_for(ana: Shop) -> None:
    sale_id = await announced(ana)
    await sell(ana, sale_id, "HP1")
    assert await found(scope(ana)) == ["HP1"]
    assert await found(scope(ana), include_synthetic=True) == sorted([sale_id, "HP1"])


async def test_pages_hold_still_while_sales_come_in(ana: Shop) -> None:
    """Sales of one batch share their time, and new ones come between the pages."""
    await sell(ana, *(f"HP{number:02}" for number in range(7)))
    first = await page(scope(ana), limit=3)
    await sell(ana, "NEW1", "NEW2")
    seen, cursor = list(first.items), first.next
    while cursor:
        following = await page(scope(ana), limit=3, cursor=cursor)
        await sell(ana, f"NEW{len(seen)}")
        seen, cursor = [*seen, *following.items], following.next
    assert [row.sale_id for row in seen if row.sale_id.startswith("NEW")] == []
    assert sorted(row.sale_id for row in seen) == [f"HP{number:02}" for number in range(7)]


async def test_the_last_page_is_known_as_the_last(ana: Shop) -> None:
    await sell(ana, "HP1", "HP2")
    assert (await page(scope(ana), limit=2)).next is None
    assert (await page(scope(ana), order="nothing")).items == ()


@pytest.mark.parametrize("cursor", ["x", "", "!!!", "c2FsZXN8eHx5", "é" * 20, "A" * 5_000])
async def test_a_cursor_nobody_gave_is_refused(ana: Shop, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        await page(scope(ana), cursor=cursor)


async def test_a_cursor_of_another_table_is_refused(ana: Shop) -> None:
    await sell(ana, "HP1", "HP2")
    given = (await page(scope(ana), limit=1)).next
    async with transaction() as session:
        with pytest.raises(InvalidRequest):
            await sales.search(session, scope(ana), SaleSearch(), Place("audit", given, 1))


async def test_nothing_of_another_seller_is_ever_found(ana: Shop, beto: Shop) -> None:
    """The same order, the same buyer and the same click, at both."""
    for shop in (ana, beto):
        await track(shop, click_id="hSAME")
        await sell(shop, "HP1", click_id="hSAME", email="maria@example.com")
    asked: list[dict[str, Any]] = [
        {},
        {"order": "HP1"},
        {"person": email_subject("maria@example.com")},
        {"click_id": "hSAME"},
        {"state": LedgerState.DELIVERED},
    ]
    for wanted in asked:
        assert [row.tenant_id for row in (await page(scope(ana), **wanted)).items] == [ana.tenant_id]
    for wanted in ({"connection_id": beto.connection_id}, {"dataset_id": "2000000002"}):
        assert (await page(scope(ana), **wanted)).items == ()
    everyone = (await page(EVERYONE, order="HP1")).items
    assert sorted((row.tenant_id, row.tenant_name) for row in everyone) == sorted(
        [(ana.tenant_id, ANA), (beto.tenant_id, BETO)]
    )
    [theirs] = (await page(scope(beto))).items
    async with transaction() as session:
        assert await sales.find(session, scope(ana), theirs.id) is None
        assert await sales.find(session, EVERYONE, theirs.id) == theirs
        assert await sales.find(session, EVERYONE, UUID(int=1)) is None


async def test_the_totals_are_the_ledgers_and_add_up_over_all_sellers(ana: Shop, beto: Shop) -> None:
    await sell(ana, "HP1", "HP2")
    await ana.webhook("HP3", "pending")
    beto.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190)
    await sell(beto, "HP1", "HP4")
    async with transaction() as session:
        mine = await sales.totals(session, scope(ana), SaleSearch())
        assert mine == await ledger.totals(session, ana.tenant_id)
        everyones = await sales.totals(session, EVERYONE, SaleSearch())
        paid = await sales.totals(session, scope(ana), SaleSearch(order="HP1", state=LedgerState.WAITING))
    assert {state: n for state, n in everyones.items() if n} == {"delivered": 2, "waiting": 1, "on_hold": 2}
    assert {state: n for state, n in paid.items() if n} == {"delivered": 1}


async def test_what_is_not_counted_in_time_is_left_out_and_the_rest_goes_on(
    ana: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(ana, "HP1")
    async with transaction() as session:
        await session.execute(text("SET LOCAL statement_timeout = '20s'"))
        counted = await in_time(session, lambda: sales.totals(session, scope(ana), SaleSearch()))
        monkeypatch.setattr("tracking_core.reporting.in_time.SECONDS", 0.001)
        assert await in_time(session, lambda: session.execute(text("SELECT pg_sleep(5)"))) is None
        assert await session.scalar(text("SHOW statement_timeout")) == "20s"
        assert (counted or {})[LedgerState.DELIVERED] == 1
        assert await sales.find(session, scope(ana), UUID(int=1)) is None


async def test_a_row_says_its_reason_in_words(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190, subcode=463)
    await sell(ana, "HP1")
    [row] = (await page(scope(ana))).items
    assert (row.state, row.reason, row.amount, row.currency) == (
        LedgerState.ON_HOLD,
        "credential:190/463",
        Decimal(197),
        "BRL",
    )
    assert row.explanation is not None
    assert row.explanation.told("en").startswith("The token has expired.")
    assert row.explanation.told("pt_BR").startswith("O token expirou")
