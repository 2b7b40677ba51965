"""Sales and states that no webhook brought are found in the vendors' lists and go the way of every sale, once."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from evals.simulators.providers.accounts import Vendor
from tests.reconciliation.shop import ENDPOINTS, Shop, hours_ago
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import Tenant
from tracking_core.reconciliation.compare import Difference
from tracking_core.reconciliation.erasure import forget_sales
from tracking_core.reconciliation.origin import ORIGIN
from tracking_core.reconciliation.renewals import Renewals
from tracking_core.reconciliation.run_detail import detail
from tracking_core.tenants import service as tenants
from tracking_core.tenants.service import cipher_of

_ORIGINS = f"SELECT c.sale_id, {ORIGIN} AS origin FROM conversions c"


async def origins(shop: Shop) -> dict[str, str]:
    return {row["sale_id"]: row["origin"] for row in await shop.rows(_ORIGINS)}


@pytest.mark.parametrize("vendor", ENDPOINTS)
async def test_a_lost_sale_is_found_and_delivered_once_with_its_own_time_and_its_cents(
    shop: Shop, vendor: Vendor
) -> None:
    at = hours_ago(30).replace(microsecond=0)
    sale_id = shop.vendors.sold(vendor, "HP1", cents=19_790, click_id="click-1", at=at)
    shop.vendors.sold(vendor, "HP-unpaid", state="pending", at=at)

    first = await shop.reconciled(vendor)
    await shop.pipeline.deliver()
    again = await shop.reconciled(vendor)
    await shop.pipeline.deliver()

    sale = await shop.sale(sale_id)
    assert (first.state, first.found, first.missing, first.recovered) == ("done", 1, 1, 1)
    assert (again.state, again.found, again.known, again.missing) == ("done", 1, 1, 0)
    assert (first.differences, again.differences) == (0, 0)
    assert (sale["amount"], sale["currency"], sale["deliveries"]) == (Decimal("197.90"), "BRL", 1)
    assert sale["approved_at"] == at + timedelta(minutes=3)
    assert shop.pipeline.meta.accepted == [str(sale["event_id"])]
    payload: Any = shop.pipeline.meta.payloads[str(sale["event_id"])]
    assert payload["event_time"] == int((at + timedelta(minutes=3)).timestamp())
    assert payload["custom_data"]["value"] == 197.90
    assert await origins(shop) == {sale_id: "reconciliation"}
    assert {row["purpose"] for row in await shop.rows("SELECT purpose FROM secret_accesses")} == {"reconciliation"}


async def test_what_the_vendor_listed_is_kept_sealed_beside_the_webhook_it_became(shop: Shop) -> None:
    sale_id = shop.vendors.sold("hotmart", "HP1")
    await shop.reconciled("hotmart")
    (kept,) = await shop.rows("SELECT id, tenant_id, body FROM received_webhooks")
    async with transaction() as session:
        cipher = cipher_of(await session.get_one(Tenant, kept["tenant_id"]))
    assert sale_id.encode() not in bytes(kept["body"])
    body = orjson.loads(cipher.decrypt(bytes(kept["body"]), f"webhook:{kept['id']}:body"))
    assert [body["sales_api_item"]] == shop.vendors.listed("hotmart")


async def test_webhook_and_list_that_race_make_one_sale_and_one_delivery(shop: Shop) -> None:
    for sale_id in ("HP1", "HP2", "HP3"):
        shop.vendors.sold("hotmart", sale_id)
    run_id = await shop.asked("hotmart")
    await shop.pipeline.webhook("HP1")  # received and not looked at when the list is read: both are in one batch
    await asyncio.gather(shop.round(run_id), shop.pipeline.webhook("HP2"))
    await shop.pipeline.process()
    await shop.pipeline.webhook("HP3")  # comes when the list was quicker
    await shop.pipeline.process()
    run = await shop.read(run_id)
    await shop.pipeline.deliver()

    sales = [await shop.sale(one) for one in ("HP1", "HP2", "HP3")]
    assert [sale["deliveries"] for sale in sales] == [1, 1, 1]
    assert sorted(shop.pipeline.meta.accepted) == sorted(str(sale["event_id"]) for sale in sales)
    assert (run.state, run.found, run.differences) == ("done", 3, 0)
    assert (await origins(shop))["HP3"] == "reconciliation"


async def test_a_refund_and_a_chargeback_that_were_missed_are_brought_forward(shop: Shop) -> None:
    for sale_id in ("HP1", "HP2"):
        await shop.pipeline.webhook(sale_id, occurred_at=hours_ago(5))
    await shop.pipeline.process()
    await shop.pipeline.deliver()
    shop.vendors.sold("hotmart", "HP1", state="refunded", at=hours_ago(6))
    shop.vendors.sold("hotmart", "HP2", state="chargeback", at=hours_ago(6))

    run = await shop.reconciled("hotmart")
    assert (run.changed, run.missing) == (2, 0)
    assert [(await shop.sale(one))["status"] for one in ("HP1", "HP2")] == ["refunded", "chargeback"]
    assert len(shop.pipeline.meta.accepted) == 2
    assert set((await origins(shop)).values()) == {"webhook"}


async def test_an_old_sale_is_in_the_ledger_and_is_not_sent(shop: Shop) -> None:
    shop.vendors.sold("kiwify", "HP1", at=hours_ago(24 * 20))
    run = await shop.reconciled("kiwify", days=30)
    (sale,) = await shop.rows("SELECT status, decision, decision_reason FROM conversions")
    assert sale == {"status": "approved", "decision": "withheld", "decision_reason": "older_than_7_days"}
    assert (run.recovered, run.differences) == (1, 0)


async def test_a_renewal_that_only_the_list_brings_is_known_by_the_subscription_in_the_ledger(shop: Shop) -> None:
    """Kiwify's list does not tell it; the buyer's earlier sale of the product, told by webhook, does."""
    listed = shop.vendors.listed
    later = shop.vendors.sold("kiwify", "HP-later", email="cliente@example.com", at=hours_ago(20))
    product = listed("kiwify")[0]["product"]["id"]
    others = [
        shop.vendors.sold("kiwify", "HP-someone", email="outra@example.com", at=hours_ago(20)),
        shop.vendors.sold("kiwify", "HP-another-course", email="cliente@example.com", at=hours_ago(20)),
        shop.vendors.sold("kiwify", "HP-at-once", email="cliente@example.com", at=hours_ago(24 * 31)),
    ]
    for one in listed("kiwify"):
        one["customer"] |= {"mobile": None}
        if one["id"] == others[1]:
            one["product"] = {"id": "another", "name": "Outro curso"}
    subscribed = {"gateway": "kiwify", "product_id": product, "occurred_at": hours_ago(24 * 31), "recurrence_number": 2}
    await shop.pipeline.webhook("HP-first", email="cliente@example.com", **subscribed)
    await shop.pipeline.process()
    subscription = (await shop.sale("HP-first"))["facts"]["subscription_id"]

    run = await shop.reconciled("kiwify", days=40)
    await shop.pipeline.deliver()

    renewed = await shop.sale(later)
    assert (renewed["is_renewal"], renewed["event_name"]) == (True, "SubscriptionRenewal")
    assert renewed["facts"]["subscription_id"] == subscription
    assert "recurrence_number" not in renewed["facts"]
    assert shop.pipeline.meta.payloads[str(renewed["event_id"])]["event_name"] == "SubscriptionRenewal"
    assert [(await shop.sale(one))["event_name"] for one in others] == ["Purchase"] * 3
    async with transaction() as session:
        told = await detail(session, shop.scope, run.id)
    assert told.renewals == Renewals(known=1, untold=3)
    assert (run.missing, run.recovered) == (4, 4)


async def test_garbage_in_the_list_is_kept_and_told_and_stops_nothing(shop: Shop) -> None:
    sale_id = shop.vendors.sold("kiwify", "HP1")
    listed = shop.vendors.listed("kiwify")
    whole = listed[0]
    listed[:0] = [
        {**whole, "id": "a-sale", "payment": {"charge_amount": "a lot"}},
        {**whole, "id": "another", "status": "teleported"},
    ]
    run = await shop.reconciled("kiwify")
    again = await shop.reconciled("kiwify")

    assert (run.state, run.found, run.recovered, run.unreadable) == ("done", 1, 1, 2)
    assert again.unreadable == 2
    assert (await shop.sale(sale_id))["deliveries"] == 1
    kept = await shop.rows("SELECT reason FROM received_webhooks WHERE state = 'unreadable' ORDER BY reason")
    assert [row["reason"] for row in kept] == [
        "sales_api:payment.charge_amount: must be an amount of money",
        "sales_api:status: is none of the vendor's",
    ]


async def test_the_report_equals_and_names_each_sale_that_does_not(shop: Shop) -> None:
    at = hours_ago(26)
    for sale_id, amount in (("HP-same", "10.50"), ("HP-ours", "20.00"), ("HP-dear", "30.00"), ("HP-back", "40.00")):
        await shop.pipeline.webhook(sale_id, occurred_at=at, amount=amount)
    await shop.pipeline.webhook("HP-back", "refunded", occurred_at=at)
    await shop.pipeline.process()
    for sale_id, cents in (("HP-same", 1_050), ("HP-dear", 3_001), ("HP-back", 4_000)):
        shop.vendors.sold("hotmart", sale_id, cents=cents, at=at)
    run = await shop.reconciled("hotmart")

    found = {one.difference.sale_id: one for day in await shop.days() for one in day.differences}
    assert {sale: one.difference.reason for sale, one in found.items()} == {
        "HP-ours": Difference.ONLY_HERE,
        "HP-dear": Difference.AMOUNT_DIFFERS,
        "HP-back": Difference.STATUS_DIFFERS,
    }
    assert run.differences == 3
    assert {(one["status"], one["theirs"], one["theirs_total"], one["ours"]) for one in run.totals} == {
        ("approved", 3, "80.5100", 3),
        ("refunded", 0, "0", 1),
    }
    await shop.change(
        "DELETE FROM matches WHERE conversion_id IN (SELECT id FROM conversions WHERE sale_id = 'HP-same')"
    )


async def test_what_happens_after_the_list_was_read_is_no_difference(shop: Shop) -> None:
    for sale_id in ("HP-pix", "HP-back"):
        await shop.pipeline.webhook(sale_id, "pending", occurred_at=hours_ago(20))
    await shop.pipeline.webhook("HP-back", occurred_at=hours_ago(19))
    await shop.pipeline.process()
    shop.vendors.sold("hotmart", "HP-back", at=hours_ago(20))
    shop.vendors.sold("hotmart", "HP-pix", at=hours_ago(20), state="pending")
    assert (await shop.reconciled("hotmart")).differences == 0
    await shop.pipeline.webhook("HP-pix", occurred_at=clock.now())
    await shop.pipeline.webhook("HP-back", "refunded", occurred_at=clock.now())
    await shop.pipeline.process()
    assert [line.is_equal for day in await shop.days() for line in day.lines] == [True]


async def test_a_sale_that_came_to_an_older_endpoint_is_known_and_moves_forward_there(shop: Shop) -> None:
    await shop.pipeline.webhook("HP1", occurred_at=hours_ago(5))
    await shop.pipeline.process()
    async with transaction() as session:
        older = await tenants.connect_gateway(session, shop.pipeline.tenant_id, "hotmart", "secret", actor="test")
        await session.flush()
        await session.execute(text("UPDATE conversions SET endpoint_id = :older"), {"older": older.id})
    shop.vendors.sold("hotmart", "HP1", at=hours_ago(6))
    known = await shop.reconciled("hotmart")
    shop.vendors.sold("hotmart", "HP1", state="refunded", at=hours_ago(6))
    changed = await shop.reconciled("hotmart")
    assert [(run.known, run.changed, run.missing, run.differences) for run in (known, changed)] == [
        (1, 0, 0, 0),
        (0, 1, 0, 0),
    ]
    assert [row["status"] for row in await shop.rows("SELECT status FROM conversions")] == ["refunded"]


async def test_what_was_erased_on_request_is_not_brought_back(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1")
    shop.vendors.sold("hotmart", "HP2")
    async with transaction() as session:
        await forget_sales(session, shop.pipeline.tenant_id, ["HP1"], clock.now())
    run = await shop.reconciled("hotmart")
    assert (run.found, run.recovered, run.differences) == (1, 1, 0)
    assert [row["sale_id"] for row in await shop.rows("SELECT sale_id FROM conversions")] == ["HP2"]
    assert [row["sale_id"] for row in await shop.rows("SELECT sale_id FROM gateway_sales")] == ["HP2"]
