"""A seller from nothing to a proved setup by clicking and typing only: on a phone, at each checkout, without scripts,
with checks that are red first, and with the connection cut on the way."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from evals.pages.accessible import violations
from tests.ui_setup.accessible import is_wider_than_its_window
from tests.ui_setup.running import SECONDS_MS, Seller, Shop

pytestmark = pytest.mark.timeout(300)
PHONE: ViewportSize = {"width": 360, "height": 740}
HOPS = 7


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(viewport=PHONE, locale="pt-BR", reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def plain(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that runs no scripts."""
    made = chromium.new_context(viewport=PHONE, locale="pt-BR", java_script_enabled=False)
    yield made
    made.close()


@pytest.fixture
def seller(shop: Shop, context: BrowserContext) -> Seller:
    return Seller(shop, context)


def looked_at(seller: Seller) -> None:
    """Nothing that keeps anybody out, in either theme, and no sideways scrolling on a phone."""
    assert violations(seller.page) == []
    assert not is_wider_than_its_window(seller.page)


def test_kiwify_from_nothing_to_green_on_a_phone(seller: Seller) -> None:
    page = seller.page
    seller.arrive()
    looked_at(seller)
    seller.business()
    expect(page.locator("#step-title")).to_be_focused()
    looked_at(seller)
    seller.kiwify()
    seller.checked("Onde rodam os seus anúncios?")
    looked_at(seller)
    seller.meta()
    seller.checked("Sua página de vendas")
    looked_at(seller)
    seller.look_at_page()
    seller.checked("Revisar e ligar")
    looked_at(seller)
    seller.press("Preparar o plano")
    expect(page.locator("#review-plan")).to_contain_text(seller.shop.dataset)
    expect(page.locator("#review-plan")).to_contain_text(f"{seller.shop.landing}/ok")
    looked_at(seller)
    loads = page.evaluate("performance.getEntriesByType('navigation').length + (window.marked = 1)")
    seller.press("Aprovar e ligar")
    expect(page.locator(".hop.green")).to_have_count(HOPS, timeout=SECONDS_MS)
    expect(page.locator("#review-top")).to_contain_text("Pronto", timeout=SECONDS_MS)
    assert page.evaluate("window.marked") == loads - 1 == 1  # the page was never loaded anew
    looked_at(seller)
    follow_the_status(seller)
    assert seller.complaints == []


def follow_the_status(seller: Seller) -> None:
    """The status page tells the same; and a frame of it lights up by itself while the sale is sent again."""
    page = seller.page
    setup = page.url.partition("?")[0]
    page.goto(f"{setup}/status")
    expect(page.locator(".percent")).to_have_text("100 %")
    looked_at(seller)
    page.get_by_text("Mostrar dentro de outro site").click()
    framed = re.search(r'src="([^"]+)"', page.locator("#embed-snippet").inner_text())
    assert framed is not None
    frame = page.context.new_page()
    frame.goto(framed[1])
    expect(frame.locator(".stages > .verified")).to_have_count(5)
    assert violations(frame) == []
    page.goto(f"{setup}?step=review")
    page.locator("#undo summary").click()
    page.locator("#undo-all").click()
    expect(page.locator("#review-plan")).to_contain_text("Desfazer?", timeout=SECONDS_MS)
    page.locator("#approve").click()
    expect(frame.locator(".stages > .verified")).to_have_count(3, timeout=SECONDS_MS)
    expect(frame.locator(".percent")).to_have_text("65 %")
    expect(page.locator("#review-plan")).to_contain_text("foi desfeito", timeout=SECONDS_MS)
    withdraw(seller, setup, frame)
    frame.close()


def withdraw(seller: Seller, setup: str, frame: Page) -> None:
    """The frame says so itself, as soon as anything happens."""
    page = seller.page
    page.goto(f"{setup}/status?withdrawn=1")
    seller.press("Invalidar o que foi copiado")
    expect(page.locator("details .notice")).to_contain_text("não mostra mais nada")
    looked_at(seller)
    page.goto(f"{setup}?step=review")
    seller.press("Preparar o plano")
    expect(frame.locator("#connection")).to_contain_text("não é mais mostrado aqui", timeout=SECONDS_MS)


def test_hotmart_with_everything_red_first(seller: Seller) -> None:
    page, stack = seller.page, seller.shop.stack
    seller.arrive()
    seller.business()
    seller.hotmart(**{"webhook-secret": ""})
    expect(page.locator("#hotmart-webhook-secret")).to_be_focused()
    assert violations(page) == []
    seller.hotmart(**{"client-secret": "not-the-secret-at-all"})
    expect(page.locator("#outcome .notice.bad")).to_be_visible(timeout=SECONDS_MS)
    assert "not-the-secret-at-all" not in page.content()
    seller.hotmart()
    seller.checked("Onde rodam os seus anúncios?")
    seller.meta()
    seller.checked("Sua página de vendas")
    seller.look_at_page("not-found")
    expect(page.locator("#outcome .notice.bad")).to_contain_text("404", timeout=SECONDS_MS)
    assert violations(page) == []
    seller.look_at_page()
    seller.checked("Revisar e ligar")

    seller.press("Preparar o plano")
    seller.press("Não fazer isso")
    expect(page.locator("#review-plan")).to_contain_text("Você recusou o plano", timeout=SECONDS_MS)

    fault: dict[str, object] = {"kind": "code_100_33", "dataset_id": seller.shop.dataset, "times": None, "params": {}}
    stack.control.post("/faults", json=fault).raise_for_status()
    seller.press("Preparar o plano")
    seller.press("Aprovar e ligar")
    expect(page.locator(".hop.red")).to_contain_text("A Meta recebe a venda", timeout=SECONDS_MS)
    expect(page.locator("#review-plan .undone").first).to_be_visible(timeout=SECONDS_MS)
    expect(page.locator("#review-top")).to_contain_text("a Meta não a aceitou", timeout=SECONDS_MS)
    looked_at(seller)
    stack.control.delete("/faults")

    seller.press("Preparar o plano")
    seller.press("Aprovar e ligar")
    expect(page.locator("#review-top")).to_contain_text("Quase pronto: falta um passo seu", timeout=SECONDS_MS)
    expect(page.locator("#review-top")).to_contain_text("no painel da Hotmart")
    expect(page.locator("#webhook-url")).to_contain_text("/webhooks/hotmart/")
    again_and_back(seller)
    assert seller.complaints == []


def again_and_back(seller: Seller) -> None:
    """The test sale goes once more, another one; and the last change is taken back."""
    page = seller.page
    receipt = _receipt(page)
    page.locator("#undo summary").click()
    page.locator("#prove").click()
    expect(page.locator(".hop").last).not_to_contain_text(receipt, timeout=SECONDS_MS)
    expect(page.locator(".hop.green")).to_have_count(HOPS, timeout=SECONDS_MS)
    assert _receipt(page) not in ("", receipt)
    page.get_by_role("link", name="Ver as suas vendas").click()
    expect(page.get_by_role("row").filter(has_text="Teste")).to_have_count(3)
    looked_at(seller)
    page.go_back()
    page.locator("#undo summary").click()
    page.locator("#undo-last").click()
    expect(page.locator("#review-plan")).to_contain_text("Desfazer?", timeout=SECONDS_MS)
    page.locator("#approve").click()
    expect(page.locator("#review-plan")).to_contain_text("última mudança foi desfeita", timeout=SECONDS_MS)
    expect(page.locator("#to-review .dot.verified")).to_have_count(0)
    looked_at(seller)


def _receipt(page: Page) -> str:
    found = re.search(r"Recibo da Meta: (\S+)", page.locator(".hop").last.inner_text())
    assert found is not None
    return found[1]


def test_without_scripts_the_whole_setup_works_too(shop: Shop, plain: BrowserContext) -> None:
    seller = Seller(shop, plain)
    page = seller.page
    seller.arrive()
    seller.business()
    seller.kiwify(**{"account-id": ""})
    expect(page.locator("#kiwify-account-id-error")).to_be_visible()
    seller.kiwify()
    seller.checked("Onde rodam os seus anúncios?")
    seller.meta()
    seller.checked("Sua página de vendas")
    seller.look_at_page()
    seller.checked("Revisar e ligar")
    seller.press("Preparar o plano")
    page.locator("#approve").click()
    while page.get_by_role("link", name="Mostrar o que há de novo").is_visible():  # slower than a form may wait
        page.get_by_role("link", name="Mostrar o que há de novo").click()
    expect(page.locator(".hop.green")).to_have_count(HOPS)
    expect(page.locator("#review-top")).to_contain_text("Pronto")
    page.goto(f"{page.url.partition('?')[0]}/status")
    expect(page.locator(".percent")).to_have_text("100 %")


def test_what_happens_elsewhere_is_seen_and_nothing_typed_is_lost(seller: Seller, context: BrowserContext) -> None:
    page = seller.page
    seller.arrive()
    seller.business()
    setup = page.url.partition("?")[0]
    page.goto(f"{setup}?step=meta")
    page.locator("#dataset-id").fill("12345")
    elsewhere = Seller(seller.shop, context)
    elsewhere.page.goto(f"{setup}?step=gateway")
    elsewhere.kiwify()
    elsewhere.checked("Onde rodam os seus anúncios?")
    expect(page.locator("#to-gateway .dot.verified")).to_be_visible(timeout=SECONDS_MS)
    expect(page.locator("#dataset-id")).to_have_value("12345")

    stack = seller.shop.stack
    stack.api.stop()
    expect(page.locator("#connection")).to_be_visible(timeout=SECONDS_MS)
    stack.start(stack.api)
    elsewhere.page.goto(f"{setup}?step=page")
    elsewhere.look_at_page()
    elsewhere.checked("Revisar e ligar")
    expect(page.locator("#to-page .dot.verified")).to_be_visible(timeout=SECONDS_MS)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.locator("#dataset-id")).to_have_value("12345")
