"""What needs somebody, what happens now, what the vault holds, how things went."""

import base64
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.conftest import KEYS
from tests.handoff.conftest import Case
from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, verdict
from tests.reporting.conftest import sell
from tests.ui_operations.people import Person
from tests.ui_operations.scene import LETTERS, TOKEN, play
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.secrets.keyring import cipher_for
from tracking_core.settings import Settings, get_settings
from tracking_core.setup import sessions

_SWITCHED_OFF = text("""
INSERT INTO meta_connections
    (id, tenant_id, dataset_id, access_token, browser_events, state, failure_streak, disabled_at)
SELECT gen_random_uuid(), tenant_id, 'off' || n, access_token, browser_events, state, 7, now()
FROM meta_connections, generate_series(1, 51) n WHERE tenant_id = :tenant
""")


async def test_the_overview_says_what_needs_somebody_first(database: Settings, olga: Person) -> None:
    scene = await play(database)
    page = await olga.get("/ops")
    assert page.all(".attention h3") == [
        "Connections on hold: 1",
        f"Dead letters that can still be sent again: {LETTERS + 1}",
    ]
    assert page.all(".t-shops tbody td[data-label='To send again']") == [str(LETTERS + 1), "0"]
    assert page.all(".t-shops tbody td[data-label=Name]") == ["Loja da Ana", "Loja do Beto"]
    held = await olga.get(page.link("Connections on hold"))
    [row] = [row for row in held.all(".t-connections tbody tr") if "Loja do Beto" in row]
    assert "3 sales, 0 being sent" in row
    assert f"/ops/tenants/{scene.beto.tenant_id}" in held.answer.text
    found = await olga.get("/ops", q="BETO")
    assert found.all(".t-shops tbody td[data-label=Name]") == ["Loja do Beto"]
    assert (await olga.get("/ops", q="nobody")).all(".empty-title") == ["No shop has such a name."]


async def test_nothing_needs_anybody(ana: Shop, olga: Person) -> None:
    await sell(ana, "HP1")
    assert "Nothing needs a person right now." in (await olga.get("/ops")).text
    assert "Every connection is well." in (await olga.get("/ops/connections", only_troubled="true")).text


async def test_what_was_switched_off_hides_no_hold_and_is_no_open_breaker(ana: Shop, olga: Person) -> None:
    """More of them than any page holds, and each newer than the hold."""
    async with transaction() as session:
        await session.execute(text("UPDATE meta_connections SET state = 'on_hold', hold_code = 'credential:190'"))
        await session.execute(_SWITCHED_OFF, {"tenant": ana.tenant_id})
    page = await olga.get("/ops")
    assert page.all(".attention h3") == ["Connections on hold: 1"]
    held = await olga.get(page.link("Connections on hold"))
    assert held.all(".t-connections tbody td[data-label=Dataset]") == ["1000000001"]
    off = await olga.get("/ops/connections", trouble="disabled", limit="500")
    assert len(off.all(".t-connections tbody tr")) == 51
    assert off.all(".t-connections tbody td[data-label='Circuit breaker'] .badge") == []


async def test_one_shop_is_told_of_its_own_late_cases(ana: Shop, beto: Shop, olga: Person) -> None:
    for shop in (ana, beto):
        async with transaction() as session:
            made = await sessions.create(session, shop.tenant_id, caller=shop.tenant_id, actor="test")
        await Case(shop.settings, shop.tenant_id, made.id, "").open(now=clock.now() - timedelta(days=30))
    assert (await olga.get("/ops")).all(".attention h3") == ["Cases later than promised: 2"]
    page = await olga.get("/ops", tenant_id=str(beto.tenant_id))
    assert page.all(".attention h3") == ["Cases later than promised: 1"]
    assert "Loja da Ana" not in " ".join(page.all(".attention p"))


async def test_an_open_breaker_is_told_with_its_end(ana: Shop, olga: Person) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    for number in range(12):
        await sell(ana, f"HP{number}")
        later(minutes=2)
    assert "Circuit breakers open: 1" in (await olga.get("/ops")).text
    [row] = (await olga.get("/ops/connections", only_troubled="true")).all(".t-connections tbody tr")
    assert re.search(r"(Open: resting|Half open: trying)", row)
    assert "Nothing: it tries again by itself." in row


async def test_what_happens_is_on_the_page_without_any_script(ana: Shop, olga: Person) -> None:
    await sell(ana, "HP1")
    page = await olga.get("/ops/live")
    assert page.all("#live-list .badge") == ["Sent to Meta", "No click found", "Sale received"]
    assert page.link("Refresh") == "/ops/live"
    live = page.tree.css_first("#live-list")
    assert live is not None
    assert live.attributes["data-events"] == "/ops/live/events"


async def test_a_secret_is_told_by_everything_but_its_value(database: Settings, olga: Person) -> None:
    await play(database)
    page = await olga.get("/ops/secrets")
    [row] = page.all(".t-secrets tbody tr")
    assert "Meta access token WXYZ" in row
    assert "worker · delivery" in row
    assert TOKEN not in page.answer.text
    assert page.all(".t-keys tbody td[data-label=State]") == ["Wraps new data keys"]
    assert (await olga.get("/ops/secrets", state="revoked")).all(".empty-title") == ["No secret fits."]
    assert (await olga.get("/ops/secrets", kind="everything")).status == 422


@pytest.mark.parametrize("group_by", ["none", "tenant", "dataset"])
async def test_a_chart_has_its_data_its_words_and_its_table(ana: Shop, beto: Shop, olga: Person, group_by: str) -> None:
    await sell(ana, "HP1", "HP2")
    await sell(beto, "HP3")
    page = await olga.get("/ops/charts", range="hour", group_by=group_by)
    assert page.status == 200
    sent = page.tree.css_first("figure[aria-labelledby=chart-sent]")
    assert sent is not None
    source = sent.css_first("script[type='application/json']")
    assert source is not None
    data = json.loads(source.text())
    sums = [sum(line) for line in data["lines"]]
    assert sums == {"none": [3, 0], "tenant": [2, 1], "dataset": [2, 1]}[group_by]
    words = " ".join(sent.css_first(".legend").text().split())  # type: ignore[union-attr]
    table = [" ".join(row.text(separator=" ").split()) for row in sent.css("tbody tr")]
    labels = {"none": "Sales", "tenant": "Loja da Ana", "dataset": "1000000001"}
    assert f"{labels[group_by]}: {sums[0]} in all" in words
    assert table
    assert len(data["starts"]) == len(data["lines"][0])


async def test_a_range_of_days_that_cannot_be_is_told_at_its_field(olga: Person) -> None:
    page = await olga.get("/ops/charts", since="2026-11-20", until="2026-11-10")
    assert (page.status, page.all("#f-until-said")) == (422, ["The end must come after the start."])
    assert (await olga.get("/ops/charts", range="century")).status == 422


async def test_after_a_new_key_the_data_keys_are_wrapped_again_from_the_page(
    ana: Shop, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = "newer:" + base64.b64encode(bytes(range(32, 64))).decode()
    assert (await olga.get("/ops/secrets")).all('form[action$="/rewrap"]') == []
    _keys(monkeypatch, f"{newer},{KEYS}")
    page = await olga.get("/ops/secrets")
    assert page.all(".t-keys tbody td[data-label=State]") == ["Wraps new data keys", "Still needed: wrap again"]
    page = await olga.send(page, "/secrets/rewrap")
    assert page.all(".t-keys tbody td[data-label=State]") == ["Wraps new data keys", "May be removed from the settings"]
    assert page.all('form[action$="/rewrap"]') == []
    cipher_for.cache_clear()


def _keys(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HUB_SECRETS_KEYS", text)
    get_settings.cache_clear()
    cipher_for.cache_clear()


async def test_deliveries_are_found_by_state_and_reason_and_counted_by_it(database: Settings, olga: Person) -> None:
    await play(database)
    page = await olga.get("/ops/deliveries")
    counts = page.all(".reasons .count")
    assert counts == sorted(counts, key=int, reverse=True) != []
    dead = await olga.get("/ops/deliveries", state="dead", reason="payload:100")
    assert len(dead.all(".t-deliveries tbody tr")) == LETTERS + 3
    assert set(dead.all(".t-deliveries tbody .badge")) == {"Failed"}
    assert (await olga.get("/ops/deliveries", dataset_id="none")).all(".empty-title") == ["No delivery fits."]
    assert (await olga.get("/ops/deliveries", state="lost")).status == 422
