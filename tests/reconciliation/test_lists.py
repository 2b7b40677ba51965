"""The vendors' lists themselves: their pages and parts, what they say when nobody asks for more; and the worker."""

import asyncio

import httpx

from tests.reconciliation.shop import ACCOUNT, CLIENT, CLIENT_SECRET, Shop, Vendors, hours_ago
from tracking_core.settings import get_settings
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.main import Worker


async def test_a_list_of_several_pages_and_parts_is_read_whole(shop: Shop) -> None:
    for number in range(52):
        shop.vendors.sold("hotmart", f"HP{number}", cents=100, at=hours_ago(3))
    shop.vendors.sold("hotmart", "HP-back", state="refunded", cents=100, at=hours_ago(3))
    run = await shop.reconciled("hotmart")
    assert (run.found, run.recovered, run.pages, run.differences) == (53, 53, 7, 0)
    assert {(one["status"], one["ours"], one["ours_total"]) for one in run.totals} == {
        ("approved", 52, "52.0000"),
        ("refunded", 1, "1.0000"),
    }


def test_the_simulated_kiwify_says_what_was_paid_only_when_it_is_asked_for(vendors: Vendors) -> None:
    with httpx.Client(base_url=vendors.url, trust_env=False) as http:
        asked = {"vendor": "kiwify", "client_id": CLIENT, "sale_id": "HP1", "at": hours_ago(1).isoformat()}
        assert http.post("/_control/listed", json=asked).status_code == 200
        assert http.post("/_control/listed", json={**asked, "client_id": "nobody"}).status_code == 404
        form = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
        token = http.post("/kiwify/v1/oauth/token", data=form).json()["access_token"]
        headers = {"authorization": f"Bearer {token}", "x-kiwify-account-id": ACCOUNT}
        days = {"start_date": hours_ago(48).date().isoformat(), "end_date": hours_ago(-24).date().isoformat()}
        brief, whole = [
            http.get("/kiwify/v1/sales", params={**days, **more}, headers=headers).json()["data"][0]
            for more in ({}, {"view_full_sale_details": "true"})
        ]
    assert "payment" not in brief
    assert whole["payment"]["charge_amount"] == 19_700


async def test_a_worker_reads_the_run_and_processes_what_it_found(shop: Shop) -> None:
    sale_id = shop.vendors.sold("hotmart", "HP1")
    run_id = await shop.asked("hotmart")
    worker = Worker(get_settings())
    worker.wake(Bell.RECONCILE, str(run_id))

    try:
        for _ in range(200):
            if await shop.rows("SELECT id FROM conversions WHERE sale_id = :sale", sale=sale_id):
                break
            await asyncio.sleep(0.05)
    finally:
        await worker.close()
    assert (await shop.sale(sale_id))["deliveries"] == 1
    assert (await shop.run(run_id)).missing == 1
