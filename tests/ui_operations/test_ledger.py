"""The ledger as pages: found by whatever is known of a sale, a page at a time, and one sale told hop by hop."""

import csv
import io

import pytest

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import track, verdict
from tests.reporting.conftest import sell
from tests.ui_operations.conftest import Enter
from tests.ui_operations.people import Page, Person
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.models import Role

EVIL = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>'
ROWS = ".t-sales tbody tr"


def orders(page: Page) -> list[str]:
    return page.all(f"{ROWS} td[data-label=Order] a")


async def test_one_box_finds_a_sale_by_order_e_mail_or_click(ana: Shop, olga: Person) -> None:
    seen = await track(ana, fbclid="IwAR1")
    await sell(ana, "HP1", click_id=seen["click_id"], email="maria@example.com", phone="+5511900000001")
    await sell(ana, "HP2", email="joana@example.com", phone="+5511900000002")
    for known in ("HP1", "hp1".upper(), " maria@example.com ", "MARIA@example.com", seen["click_id"]):
        assert (known, orders(await olga.get("/ops/sales", q=known))) == (known, ["HP1"])
    assert sorted(orders(await olga.get("/ops/sales", q="HP"))) == ["HP1", "HP2"]
    nothing = await olga.get("/ops/sales", q="nobody")
    assert "No sale fits." in nothing.text


async def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_read(ana: Shop, olga: Person) -> None:
    await sell(ana, "HP1")
    page = await olga.get("/ops/sales", q="not@@an-email", until="soon", state="delivered")
    assert page.status == 422
    assert page.all("#f-until-said") != []
    assert orders(page) == []
    assert page.form("/ops/sales")["q"] == "not@@an-email"
    assert page.form("/ops/sales")["state"] == "delivered"
    page = await olga.get("/ops/sales", q="not@@an-email")
    assert page.all("#f-q-said") == ["This is not an e-mail address."]
    page = await olga.get("/ops/sales", since="2026-11-02", until="2026-11-01")
    assert page.all("#f-until-said") == ["The end must come after the start."]
    assert (await olga.get("/ops/sales", cursor="garbage")).status == 422


async def test_filters_are_an_address_and_names_of_others_do_not_matter(ana: Shop, olga: Person) -> None:
    await sell(ana, "HP1")
    await sell(ana, "HP2", kind="pending")
    page = await olga.get("/ops/sales", state="waiting", place="x", self="y", utm_source="mail", by="")
    assert orders(page) == ["HP2"]
    assert page.form("/ops/sales")["state"] == "waiting"
    assert page.all(".tile[aria-current]") == ["1 Waiting"]
    today = await olga.get("/ops/sales", since="2020-01-01", until="2020-01-02")
    assert orders(today) == []


async def test_pages_follow_each_other_by_key(ana: Shop, olga: Person) -> None:
    for number in range(5):
        await sell(ana, f"HP{number}")
    seen, page = [], await olga.get("/ops/sales", limit="2", q="HP")
    seen += orders(page)
    while page.all('a[rel="next"]'):
        page = await olga.get(page.link("Older ones"))
        seen += orders(page)
    assert seen == ["HP4", "HP3", "HP2", "HP1", "HP0"]
    assert page.all(".tile") == []
    assert orders(await olga.get(page.link("Back to the newest"))) == ["HP4", "HP3"]


async def test_a_table_as_a_file_has_the_same_filters_and_no_formula(ana: Shop, olga: Person, seller: Person) -> None:
    await sell(ana, "HP1", product_name="=HYPERLINK(1)")
    await sell(ana, "HP2", kind="pending")
    for person, path in ((olga, "/ops/sales"), (seller, "/app/sales")):
        answer = (await person.get((await person.get(path, q="HP1")).link("Download as CSV"))).answer
        assert answer.headers["content-type"].startswith("text/csv")
        [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert (row["sale_id"], row["product_name"]) == ("HP1", "'=HYPERLINK(1)")
    entries = (await olga.get("/ops/audit", action="operations.exported")).all(".t-audit tbody tr")
    assert len(entries) == 2


async def test_a_file_that_ends_before_its_table_says_so_beside_it(
    ana: Shop, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(ana, "HP1", "HP2", "HP3")
    monkeypatch.setattr("tracking_core.reporting.csv.ROWS_MAX", 3)
    for table in ("sales", "deliveries"):
        assert (await olga.get(f"/ops/{table}", limit="1")).all(".file p") == []
    monkeypatch.setattr("tracking_core.reporting.csv.ROWS_MAX", 2)
    said = ["The file has the newest 2 rows. For older ones, choose a shorter period."]
    for table in ("sales", "deliveries", "audit"):
        assert (await olga.get(f"/ops/{table}", limit="1")).all(".file p") == said


async def test_what_is_too_much_to_count_in_time_is_shown_without_its_numbers(
    ana: Shop, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sell(ana, "HP1")
    monkeypatch.setattr("tracking_core.reporting.in_time.SECONDS", 0.001)
    monkeypatch.setattr("tracking_core.ledger.read._TOTALS", "SELECT pg_sleep(5)")
    for path in ("/ops", "/ops/sales"):
        page = await olga.get(path)
        assert (path, page.status, page.all(".tile")) == (path, 200, [])
        assert "Counting them took too long" in page.text
    assert orders(page) == ["HP1"]


async def test_a_products_name_is_only_text(ana: Shop, olga: Person) -> None:
    await sell(ana, "HP1", product_name=EVIL)
    ledger = await olga.get("/ops/sales")
    sale = await olga.get(ledger.link("HP1"))
    for page in (ledger, sale):
        assert not page.tree.css("main img, main script")
        assert EVIL in " ".join(page.all("main td, main dd"))
    found = await olga.get("/ops/sales", q=EVIL)
    assert not found.tree.css("main img, main script")
    assert found.form("/ops/sales")["q"] == EVIL


async def test_a_sale_is_told_from_the_click_to_metas_answer(ana: Shop, olga: Person) -> None:
    seen = await track(ana, fbclid="IwAR1", utm_campaign="black-friday", consent_ads=True)
    await sell(ana, "HP1", click_id=seen["click_id"])
    page = await olga.get((await olga.get("/ops/sales")).link("HP1"))
    assert page.all(".standing .badge") == ["Delivered"]
    assert page.all(".hop h2") == [
        "Click",
        "Webhook from the checkout",
        "Match",
        "Once only",
        "Consent",
        "Delivery to dataset 1000000001",
    ]
    assert "They came from the campaign black-friday." in page.text
    assert page.all(".t-candidates tbody td[data-label=Why]") == ["This is the one."]
    assert page.all(".attempts .badge") == ["Accepted"]
    copied = {str(one.attributes["data-copy"]) for one in page.tree.css("button[data-copy]")}
    assert {"sale-id", "event-id", "click-id", "delivery-id-1"} <= copied
    assert all(page.tree.css_first(f"#{one}") for one in copied)


async def test_a_failed_sale_says_why_and_offers_to_send_it_again(ana: Shop, olga: Person) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050)
    await sell(ana, "HP1")
    page = await olga.get((await olga.get("/ops/sales", state="dead")).link("HP1"))
    assert page.all(".attempts .badge") == ["Event refused"]
    preview = await olga.send(page, "replays/preview", one=page.form("replays/preview").get("one") or _one(page))
    assert preview.status == 200
    assert preview.all("#what") == ["To be sent again: 1"]


def _one(page: Page) -> str:
    button = page.tree.css_first('button[name="one"]')
    assert button is not None
    return str(button.attributes["value"])


async def test_a_seller_sees_their_sales_and_no_others(ana: Shop, beto: Shop, seller: Person, olga: Person) -> None:
    await sell(ana, "HP1")
    await sell(beto, "HP2")
    assert orders(await seller.get("/app/sales")) == ["HP1"]
    assert orders(await seller.get("/app/sales", q="HP2")) == []
    theirs = (await olga.get("/ops/sales")).link("HP2").partition("?")[0].replace("/ops/sales", "/app/sales")
    assert (await seller.get(theirs)).status == 404
    for place in ("", "/deliveries", "/dead-letters", "/replays", "/sales.csv", "/deliveries.csv", "/dead-letters.csv"):
        answer = await seller.get(f"/app/sales{place}", tenant_id=str(beto.tenant_id))
        assert (place, answer.status) == (place, 404)


async def test_a_seller_of_two_shops_chooses_one_of_them(ana: Shop, beto: Shop, enter: Enter) -> None:
    await sell(ana, "HP1")
    await sell(beto, "HP2")
    both = await enter(Role.SELLER, ana, beto)
    first = await both.get("/app/sales")
    assert (first.all(".chip"), orders(first)) == (["Loja da Ana", "Loja do Beto"], ["HP1"])
    second = await both.get(first.link("Loja do Beto"))
    assert orders(second) == ["HP2"]
    assert (await both.get(second.link("HP2"))).status == 200
    assert second.form("/app/sales")["tenant_id"] == str(beto.tenant_id)


async def test_a_seller_without_a_shop_is_told_so(enter: Enter) -> None:
    page = await (await enter(Role.SELLER)).get("/app/sales")
    assert page.status == 404
    assert "No shop is yours yet." in page.text
