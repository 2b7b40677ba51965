"""The console in a real browser: one hub, one Chromium, people who click."""

from datetime import timedelta
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.reporting.conftest import sell
from tests.ui_operations.browsing import Opened, browser, hub, opened, scene, states
from tests.ui_operations.running import Running
from tests.ui_operations.scene import LETTERS, SALE, Scene
from tracking_core.kit import clock

__all__ = ["browser", "hub", "opened", "scene", "states"]
_DRAWN = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3]) colours.add(pixels.slice(at, at + 3).join());
  return colours.size;
}"""
_TELL_ROWS = """document.addEventListener("hub:rows", ({ detail }) => {
  for (const sale of ["HP9001"]) if (detail.html.includes(sale)) console.log(`rows ${sale}`);
})"""
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


def test_an_operator_searches_a_sale_and_reads_every_hop(opened: Opened) -> None:
    page = opened.page("operator")
    page.goto("/ops")
    page.get_by_role("link", name="Vendas", exact=True).click()
    page.get_by_label("Pedido, e-mail ou ID do clique").fill("cliente@example.com")
    page.get_by_role("button", name="Buscar").click()
    page.get_by_label("Pedido, e-mail ou ID do clique").fill(SALE)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=SALE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Venda {SALE}")
    expect(page.locator(".hop h2")).to_have_count(6)
    expect(page.get_by_text("Veio da campanha black-friday.")).to_be_visible()
    expect(page.get_by_role("cell", name="É este.")).to_be_visible()
    page.get_by_text("Resposta da Meta").click()
    expect(page.get_by_text("v26.0")).to_be_visible()


def test_an_id_is_copied_and_said(opened: Opened) -> None:
    page = opened.page("operator", permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/ops/sales?q={SALE}")
    page.get_by_role("link", name=SALE).click()
    page.get_by_role("button", name="Copiar: Pedido").click()
    expect(page.locator("#announcer")).to_have_text("Copiado.")
    assert page.evaluate("navigator.clipboard.readText()") == SALE


def test_charts_are_drawn_and_have_a_table_and_follow_the_theme_and_the_width(opened: Opened) -> None:
    page = opened.page("operator")
    page.goto("/ops/charts?range=hour")
    canvases = page.locator(".chart canvas")
    figures = page.locator(".chart:has([data-chart])")
    expect(canvases).to_have_count(figures.count())
    assert figures.count() >= 6
    assert all(canvas.evaluate(_DRAWN) > 3 for canvas in canvases.all())
    sent = page.locator("figure[aria-labelledby=chart-sent]")
    sent.get_by_text("Em tabela").click()
    expect(sent.get_by_role("rowheader")).not_to_have_count(0)
    expect(sent.locator(".legend li").first).to_contain_text("5 no total")
    light = canvases.first.evaluate("canvas => canvas.toDataURL()")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "light => document.querySelector('.chart canvas').toDataURL() !== light", arg=light, polling=50
    )
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("() => document.querySelector('.chart canvas').getBoundingClientRect().width < 340")


def test_of_a_thousand_rows_only_those_in_sight_are_laid_out(opened: Opened) -> None:
    page = opened.page("operator")
    page.goto("/ops/components?rows=1000")
    rows = page.locator(".t-gallery tbody tr")
    expect(rows).to_have_count(1_000)
    region = page.locator(".table-region:has(.t-gallery)")
    region.evaluate("region => region.scrollIntoView()")
    head = page.locator(".t-gallery thead")
    for top in (0, 5_000, 20_000):
        region.evaluate("(region, top) => { region.scrollTop = top; }", top)
        page.evaluate(_TWO_FRAMES)
        assert _gap(region.bounding_box(), head.bounding_box()) < 2
        assert 5 < _in_sight(page) < 100
    last = rows.last
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("HP000999")
    expect(page.get_by_role("table", name="Tabelas").get_by_role("columnheader")).to_have_count(4)


def _in_sight(page: Page) -> int:
    """Rows whose cells the browser lays out."""
    shown: int = page.evaluate(
        "() => [...document.querySelectorAll('.t-gallery tbody tr td:first-child')]"
        ".filter(cell => cell.checkVisibility({contentVisibilityAuto: true})).length"
    )
    return shown


def _gap(region: Any, head: Any) -> float:
    return abs(float(region["y"]) - float(head["y"]))


def test_on_a_phone_a_row_is_a_card_with_its_labels(opened: Opened) -> None:
    page = opened.page("operator", 360)
    page.goto("/ops/sales")
    row = page.locator(".t-sales tbody tr").first
    boxes = [cell.bounding_box() for cell in row.locator("td").all()]
    lefts = {round(box["x"]) for box in boxes if box}
    assert len(lefts) == 1
    assert row.locator("td").nth(1).evaluate("cell => getComputedStyle(cell, '::before').content") == '"Pedido"'


def test_the_live_page_grows_by_its_stream_unless_it_is_paused_and_repeats_nothing(
    opened: Opened, hub: Running, scene: Scene
) -> None:
    page = opened.page("operator")
    page.goto("/ops/live")
    items, pause = page.locator("#live-list li"), page.get_by_role("button", name="Pausar")
    hub.run(sell(scene.ana, "HP9000"))
    expect(items.filter(has_text="HP9000")).to_have_count(3)
    pause.click()
    expect(page.locator("#announcer")).to_have_text("Em pausa.")
    with page.expect_event("console", lambda said: said.text == "rows HP9001"):
        page.evaluate(_TELL_ROWS)
        hub.run(sell(scene.ana, "HP9001"))
    expect(items.filter(has_text="HP9001")).to_have_count(0)
    pause.click()
    expect(items.filter(has_text="HP9001")).to_have_count(3)
    ids = page.evaluate("() => [...document.querySelectorAll('#live-list li')].map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_the_live_stream_goes_on_where_a_browser_lost_it_and_is_for_operators(
    hub: Running, scene: Scene, states: dict[str, Any]
) -> None:
    hub.run(sell(scene.beto, "HP9100"))
    cookies = {who: {one["name"]: one["value"] for one in state["cookies"]} for who, state in states.items()}
    address, asked = f"{hub.origin}/ops/live/events", {"Accept-Encoding": "gzip"}
    with httpx.Client(cookies=cookies["operator"], headers=asked, timeout=20, trust_env=False) as client:
        since = (clock.now() - timedelta(minutes=5)).isoformat()
        for headers, at in (({}, f"{address}?after=2020-01-01T00:00:00Z"), ({"Last-Event-ID": since}, address)):
            with client.stream("GET", at, headers=headers) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                assert "content-encoding" not in answer.headers
                lines = answer.iter_lines()
                assert next(line for line in lines if "HP9100" in line).startswith("data: ")
    for who, status in (("seller", 403), (None, 303)):
        refused = httpx.get(address, cookies=cookies.get(who) if who else None, trust_env=False, follow_redirects=False)
        assert refused.status_code == status


def test_dead_letters_are_ticked_previewed_sent_again_and_followed(opened: Opened, hub: Running, scene: Scene) -> None:
    page = opened.page("seller")
    page.goto("/app/sales/dead-letters")
    expect(page.locator(".t-letters tbody tr")).to_have_count(LETTERS + 3)
    page.locator('.t-letters input[name="ids"]').nth(0).check()
    page.locator('.t-letters input[name="ids"]').nth(1).check()
    expect(page.locator("[data-selected]")).to_have_text("2 selecionadas")
    page.get_by_label("Selecionar esta página").check()
    expect(page.locator("[data-selected]")).to_have_text(f"{LETTERS + 3} selecionadas")
    page.get_by_role("button", name="Reenviar as selecionadas").click()
    expect(page.locator("#what")).to_have_text(f"A reenviar: {LETTERS + 1}")
    expect(page.get_by_text("mais de 7 dias").first).to_be_visible()
    page.get_by_role("button", name="Reenviar agora").click()
    expect(page.locator("#replay-state")).to_have_text("Em andamento")
    bar = page.locator("#replay-progress progress")
    expect(bar).to_have_js_property("value", 0)
    hub.run(scene.ana.deliver())
    expect(page.locator("#replay-state")).to_have_text("Feito")
    expect(bar).to_have_js_property("value", LETTERS + 1)
    expect(page.locator("#replay-said")).to_contain_text(f"{LETTERS + 1} de {LETTERS + 1} concluídos.")
    page.get_by_role("link", name="Voltar às falhas definitivas").click()
    expect(page.locator(".t-letters tbody tr")).to_have_count(2)
