"""A sale of ours that was announced is no sale; whatever only looks like one is."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows, totals
from tracking_core.db.engine import engine, transaction
from tracking_core.errors import NotFound
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale as Facts
from tracking_core.gateways.sale_event import SaleEvent
from tracking_core.kit import clock
from tracking_core.kit.money import Money
from tracking_core.ledger import read as ledger
from tracking_core.models import SyntheticSale
from tracking_core.pipeline.load import normalized
from tracking_core.proof.announce import PREFIX, announce, is_alike, sale_id_of
from tracking_core.tenants import service as tenants


async def announced(shop: Shop, gateway: str = "hotmart", **changes: Any) -> str:
    wanted = {"session_id": None, "connection_id": shop.connection_id, "test_event_code": "TEST7", **changes}
    async with transaction() as session:
        return (await announce(session, shop.tenant_id, gateway, now=clock.now(), **wanted)).sale_id


async def with_synthetic(shop: Shop) -> dict[str, int]:
    async with transaction() as session:
        said = await ledger.totals(session, shop.tenant_id, include_synthetic=True)
    return {state: n for state, n in said.items() if n}


async def listed(shop: Shop, *, include_synthetic: bool = False) -> list[str]:
    async with transaction() as session:
        sales = await ledger.sales(
            session, shop.tenant_id, state=None, before=None, limit=50, include_synthetic=include_synthetic
        )
    return [sale["sale_id"] for sale in sales]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement sent to the database."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine().sync_engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(engine().sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("gateway", registry.names())
async def test_an_announced_sale_is_synthetic_and_goes_to_its_connection_alone_with_its_code(
    shop: Shop, gateway: str
) -> None:
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, "999", "EAAother", actor="test")
    sale_id = await announced(shop, gateway)
    await shop.webhook(sale_id, gateway=gateway)
    await shop.webhook("HPREAL1", gateway=gateway)
    await shop.process()
    synthetic = await rows(
        "SELECT c.sale_id, d.connection_id, d.test_event_code FROM conversions c"
        " JOIN deliveries d ON d.conversion_id = c.id WHERE c.is_synthetic"
    )
    assert synthetic == [{"sale_id": sale_id, "connection_id": shop.connection_id, "test_event_code": "TEST7"}]
    real = await rows(
        "SELECT d.test_event_code FROM conversions c JOIN deliveries d ON d.conversion_id = c.id"
        " WHERE NOT c.is_synthetic"
    )
    assert real == [{"test_event_code": None}] * 2


async def test_the_ledger_counts_and_lists_it_only_when_asked(shop: Shop) -> None:
    sale_id = await announced(shop)
    await shop.webhook(sale_id)
    await shop.webhook("HPREAL2")
    await shop.process()
    await shop.deliver()
    assert (await totals(shop), await with_synthetic(shop)) == ({"delivered": 1}, {"delivered": 2})
    assert await listed(shop) == ["HPREAL2"]
    assert sorted(await listed(shop, include_synthetic=True)) == sorted([sale_id, "HPREAL2"])
    [row] = await rows("SELECT id FROM conversions WHERE is_synthetic")
    async with transaction() as session:
        sale = await ledger.sale(session, shop.tenant_id, row["id"])
    assert sale is not None
    assert sale["is_synthetic"]


async def test_a_sale_that_only_looks_like_ours_is_a_real_sale(shop: Shop) -> None:
    await announced(shop)
    await shop.webhook(sale_id_of(uuid4()))
    await shop.process()
    await shop.deliver()
    assert await totals(shop) == {"delivered": 1}
    assert await rows("SELECT is_synthetic FROM conversions") == [{"is_synthetic": False}]
    assert await rows("SELECT test_event_code FROM deliveries") == [{"test_event_code": None}]


async def test_an_announcement_holds_for_its_own_gateway_and_tenant_only(shop: Shop) -> None:
    sale_id = await announced(shop, "kiwify")
    async with transaction() as session:
        other = await tenants.create(session, "Outra loja", actor="test")
        session.add(SyntheticSale(tenant_id=other.tenant_id, gateway="hotmart", sale_id=sale_id, test_event_code="T"))
    await shop.webhook(sale_id, gateway="hotmart")
    await shop.process()
    assert await rows("SELECT gateway, is_synthetic FROM conversions") == [
        {"gateway": "hotmart", "is_synthetic": False}
    ]


async def test_what_was_once_a_real_sale_stays_one_whatever_is_announced_later(shop: Shop) -> None:
    proof_id = uuid4()
    await shop.webhook(sale_id_of(proof_id), "pending")
    await shop.process()
    sale_id = await announced(shop, proof_id=proof_id)
    await shop.webhook(sale_id, "approved")
    await shop.process()
    assert await totals(shop) == {"waiting": 1}
    assert await rows("SELECT test_event_code FROM deliveries") == [{"test_event_code": None}]


async def test_every_later_state_of_a_synthetic_sale_is_synthetic_too(shop: Shop) -> None:
    sale_id = await announced(shop)
    for kind in ("pending", "approved"):
        await shop.webhook(sale_id, kind)
        await shop.process()
    assert await rows("SELECT test_event_code FROM deliveries") == [{"test_event_code": "TEST7"}]
    assert (await totals(shop), await with_synthetic(shop)) == ({}, {"waiting": 1})


async def test_ordinary_sales_cost_no_question_about_synthetic_ones(shop: Shop) -> None:
    for number in range(5):
        await shop.webhook(f"HPORDINARY{number}")
    with statements() as said:
        await shop.process()
    assert said
    assert not any("synthetic_sales" in one for one in said)
    await shop.webhook(await announced(shop))
    with statements() as said:
        await shop.process()
    assert sum("synthetic_sales" in one for one in said) == 1


async def test_an_announcement_is_refused_without_a_code_and_for_what_is_not_the_tenants(shop: Shop) -> None:
    with pytest.raises(ValueError, match="test event code"):
        await announced(shop, test_event_code="")
    with pytest.raises(NotFound):
        await announced(shop, connection_id=uuid4())
    with pytest.raises(NotFound):
        await announced(shop, "nobody")
    assert await rows("SELECT sale_id FROM synthetic_sales") == []


async def test_the_same_proof_is_announced_once_and_another_is_another_sale(shop: Shop) -> None:
    proof_id = uuid4()
    first = await announced(shop, proof_id=proof_id)
    assert await announced(shop, proof_id=proof_id, test_event_code="LATER") == first
    assert await announced(shop) not in (first, await announced(shop))
    [row] = await rows("SELECT test_event_code FROM synthetic_sales WHERE sale_id = :id", id=first)
    assert row == {"test_event_code": "TEST7"}


@pytest.mark.parametrize("gateway", registry.names())
def test_every_gateway_carries_the_sale_id_through(gateway: str) -> None:
    sale_id = sale_id_of(uuid4())
    facts = Facts(sale_id=sale_id, kind="approved", occurred_at=clock.now(), amount="1.00", phone="")
    said = normalized(gateway, registry.get(gateway).synthesize(facts, "a secret").body)
    assert isinstance(said, SaleEvent)
    assert (said.sale_id, said.value) == (sale_id, Money(Decimal(1), "BRL"))


def test_our_sale_ids_are_uuids_of_a_version_that_no_gateway_uses() -> None:
    sale_id = sale_id_of(uuid4())
    assert sale_id.startswith(PREFIX)
    assert (UUID(sale_id).version, str(UUID(sale_id))) == (8, sale_id)
    assert not any(is_alike(one) for one in ("HP16015479281022", str(uuid4()), "", PREFIX[:-1]))
