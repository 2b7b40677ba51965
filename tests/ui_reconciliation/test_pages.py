"""Who sees what of the report, as a page, as a file and as JSON; and the command."""

import csv
import io

import httpx
from fastapi import FastAPI

from tests.pipeline.conftest import SECRET, Shop
from tests.ui_operations.conftest import ana, app, beto, enter, olga, seller
from tests.ui_operations.people import Person
from tests.ui_reconciliation.scene import compared
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import StaffRole
from tracking_core.reconciliation.window import day_of
from tracking_core.staff import service as staff
from tracking_core.tenants import service as tenants

__all__ = ["ana", "app", "beto", "enter", "olga", "seller"]


async def test_operators_read_all_and_sellers_their_own(olga: Person, seller: Person, ana: Shop, beto: Shop) -> None:
    own, others = await compared(ana), await compared(beto)

    page = await olga.get("/ops/reconciliation")
    assert page.text.count("HP-lost") == 2
    assert "On 2 days the ledger and a platform differ." in page.text
    assert "Only on the platform" in page.text
    assert "R$1,997.90" in page.text
    mine = await seller.get("/app/sales/reconciliation")
    assert mine.text.count("HP-lost") == 1
    assert "Read the lists" not in mine.text
    reading = await seller.get(f"/app/sales/reconciliation/{own}")
    assert "purchase.price.value: must be an amount of money" in reading.text
    assert (await seller.get(f"/app/sales/reconciliation/{others}")).status == 404
    assert (await seller.get("/ops/reconciliation")).status == 403
    wrong = await olga.get("/ops/reconciliation", since="tomorrow")
    assert (wrong.status, wrong.all(".error")) == (422, ["This must be a date, such as 2026-01-31."])


async def test_the_file_has_each_total_and_each_difference(olga: Person, ana: Shop) -> None:
    await compared(ana)
    answer = await olga.client.get("/ops/reconciliation.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    told = {row["sale_id"]: (row["reason"], row["theirs"], row["theirs_total"], row["ours_total"]) for row in rows}
    assert told == {
        "": ("", "3", "3430.36", "593.70"),
        "HP-dear": ("amount_differs", "1", "1997.90", "197.90"),
        "HP-lost": ("only_at_gateway", "1", "1234.56", ""),
        "HP-ours": ("only_here", "0", "", "197.90"),
    }


async def test_json_says_the_same_to_the_tenant_and_to_staff(app: FastAPI, beto: Shop) -> None:
    async with transaction() as session:
        made = await tenants.create(session, "Loja da Ana", actor="test")
        await tenants.connect_gateway(session, made.tenant_id, "hotmart", SECRET, actor="test")
        desk = await staff.create(session, "Olga", StaffRole.OPERATOR, actor="test")
    ana, key = Shop(beto.settings, beto.meta, made.tenant_id, beto.connection_id), made.secret_key
    own, others = await compared(ana), await compared(beto)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as http:

        async def get(path: str, bearer: str, **asked: str) -> httpx.Response:
            return await http.get(path, params=asked, headers={"authorization": f"Bearer {bearer}"})

        said = (await get("/api/v1/reconciliation", key)).json()
        assert [(day["is_equal"], day["differing"]) for day in said["days"] if day["lines"]] == [(False, 3)]
        assert [run["id"] for run in said["runs"]] == [str(own)]
        reading = (await get(f"/api/v1/reconciliation/{own}", key)).json()
        assert {one["sale_id"] for one in reading["taken_in"]} == {"HP-lost", None}
        assert (await get(f"/api/v1/reconciliation/{others}", key)).status_code == 404
        everything = await get("/api/v1/operations/reconciliation", desk.key)
        assert {run["id"] for run in everything.json()["runs"]} == {str(own), str(others)}
        assert (await get("/api/v1/operations/reconciliation", key)).status_code == 401
        for days in (("2026-01-01", "2026-05-01"), ("2026-01-02", "2026-01-01"), ("0001-01-01", "9999-12-31")):
            asked = await get("/api/v1/reconciliation", key, since=days[0], until=days[1])
            assert (days, asked.status_code) == (days, 422)
        wanted = {"tenant_id": str(ana.tenant_id), "since": str(day_of(clock.now())), "until": str(day_of(clock.now()))}
        asked = await http.post(
            "/api/v1/operations/reconciliation", json=wanted, headers={"authorization": f"Bearer {desk.key}"}
        )
        assert (asked.status_code, asked.json()["code"]) == (409, "nothing_to_reconcile")
