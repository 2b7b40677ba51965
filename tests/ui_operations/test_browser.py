"""The console in a real browser: one hub, one Chromium, people who click."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.ui import static_files
from tests.reporting.conftest import sell
from tests.ui_operations.browsing import SIZES, Opened, browser, hub, opened, scene, states
from tests.ui_operations.running import Running
from tests.ui_operations.scene import LETTERS, SALE, Scene

__all__ = ["browser", "hub", "opened", "scene", "states"]
AXE = Path(static_files.__file__).parent / "node_modules/axe-core/axe.min.js"
OPERATOR_PAGES = (
    "/ops",
    "/ops/sales",
    "/ops/sales?q=nobody",
    "/ops/deliveries",
    "/ops/dead-letters",
    "/ops/replays",
    "/ops/connections",
    "/ops/charts?range=hour",
    "/ops/live",
    "/ops/secrets",
    "/ops/audit",
    "/ops/components",
    "/ops/tenants/{tenant}",
    "/ops/sales/{sale}",
)
SELLER_PAGES = ("/app/sales", "/app/sales/deliveries", "/app/sales/dead-letters", "/app/sales/replays")
_VIOLATIONS = "async () => (await axe.run()).violations.map(one => `${one.id}: ${one.nodes[0].html}`)"
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_DRAWN = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at + 3]) colours.add(pixels.slice(at, at + 3).join());
  return colours.size;
}"""
_POLL_MS = 2_500
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


@pytest.mark.parametrize("width", SIZES)
def test_every_page_is_clean_to_axe_in_both_themes_and_no_wider_than_its_screen(
    opened: Opened, scene: Scene, width: int
) -> None:
    found = {}
    for who, paths in (("operator", OPERATOR_PAGES), ("seller", SELLER_PAGES)):
        page = opened.page(who, width)
        for path in paths:
            page.goto(path.format(tenant=scene.ana.tenant_id, sale=scene.sale_id))
            found[path] = _wrong(page)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def _wrong(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    wrong: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wrong += page.evaluate(_VIOLATIONS)
    wider = page.evaluate(_WIDER)
    return [*wrong, *([f"{wider} px wider than the screen"] if wider > 0 else [])]


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


def test_the_live_page_grows_unless_it_is_paused_and_repeats_nothing(
    opened: Opened, hub: Running, scene: Scene
) -> None:
    page = opened.page("operator")
    page.clock.install()
    page.goto("/ops/live")
    items, pause = page.locator("#live-list li"), page.get_by_role("button", name="Pausar")
    before = items.count()
    hub.run(sell(scene.ana, "HP9000"))
    with page.expect_response(lambda answer: "/ops/live/rows" in answer.url):
        page.clock.run_for(_POLL_MS)
    expect(items.filter(has_text="HP9000")).not_to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.extend([request.url]))
    pause.click()
    expect(page.locator("#announcer")).to_have_text("Em pausa.")
    page.clock.run_for(5 * _POLL_MS)
    assert asked == []
    pause.click()
    with page.expect_response(lambda answer: "/ops/live/rows" in answer.url):
        page.clock.run_for(_POLL_MS)
    ids = page.evaluate("() => [...document.querySelectorAll('#live-list li')].map(one => one.id)")
    assert len(ids) == len(set(ids)) > before


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
