"""What who listens hears of the wizard, and what becomes of a copy that the browser refuses."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from evals.pages.accessible import violations
from tests.ui_setup.accessible import LISTENING, is_wider_than_its_window
from tests.ui_setup.running import SECONDS_MS, Seller, Shop

pytestmark = pytest.mark.timeout(300)
PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
def seller(shop: Shop, chromium: Browser) -> Iterator[Seller]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="pt-BR", reduced_motion="reduce")
    yield Seller(shop, context)
    context.close()


def test_what_came_of_a_check_is_read_out_once_on_any_screen(seller: Seller) -> None:
    """Beside the wizard the chat says it, too: who listens hears one of the two."""
    page = seller.page
    page.add_init_script(LISTENING)
    seller.arrive()
    seller.business()
    seller.kiwify()
    assert _heard(page) == 1
    page.locator("#continue").click()
    page.set_viewport_size(PHONE)  # the chat is closed here
    seller.meta()
    assert _heard(page) == 1
    page.locator("#continue").click()
    copy_without_a_clipboard(seller)
    assert seller.complaints == []


def _heard(page: Page) -> int:
    """How often of what came of the last check, once the page and the chat both show it."""
    expect(page.locator("#outcome .notice.good")).to_be_attached(timeout=SECONDS_MS)
    message = page.locator("[role=log] .chat-by-hub .chat-words").last
    expect(message).to_be_attached(timeout=SECONDS_MS)
    result, said = page.locator("#outcome").get_attribute("data-say"), (message.text_content() or "").strip()
    assert result
    assert said
    page.wait_for_function("([a, b]) => heard.some(one => one.includes(a) || one.includes(b))", arg=[result, said])
    page.wait_for_timeout(1_000)  # for one too many
    heard: list[str] = page.evaluate("heard.splice(0)")
    return sum(result in one or said in one for one in heard)


def copy_without_a_clipboard(seller: Seller) -> None:
    """The text is selected, and whoever looks or listens is told what to do."""
    page = seller.page
    seller.sees("Sua página de vendas")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    seller.press("Copiar")
    expect(page.locator(".copy-said")).to_contain_text("O texto está selecionado.")
    expect(page.locator("#announcer")).to_contain_text("O texto está selecionado.")
    assert page.evaluate("getSelection().toString().trim()") == page.locator("#snippet").inner_text().strip()
    assert violations(page) == []
    assert not is_wider_than_its_window(page)
