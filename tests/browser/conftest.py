"""One browser and one recording hub for a module, a fresh browser context for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import ensure_chromium
from tests.browser.recording_hub import HUB, RecordingHub, recording_hub

SHOP = "https://www.loja.example"
# An answer that has left the hub is not yet one that the page has heard of.
COUNT_FETCHES = """(() => {
window.unsettled = 0;
const native = window.fetch, settled = () => { window.unsettled -= 1; };
window.fetch = function () {
  window.unsettled += 1;
  const answer = native.apply(this, arguments);
  answer.then(settled, settled);
  return answer;
};
})()"""


class Shop:
    """The seller's site in one visitor's browser."""

    def __init__(self, hub: RecordingHub, context: BrowserContext) -> None:
        self.hub, self.context = hub, context
        self.tag = f'<script src="{HUB}/t.js?key={hub.key}"></script>'

    def publish(self, body: str = "", *, head: str = "", attributes: str = "") -> None:
        """Make every address of the shop answer with this page. ``attributes`` go on the script's tag."""
        tag = self.tag.replace("<script ", f"<script {attributes} ")
        page = f"<!doctype html><html><head><title>Loja</title>{head}{tag}</head><body>{body}</body></html>"
        self.hub.page = lambda path: page

    def open(self, path: str = "/", *, host: str = SHOP, page: Page | None = None) -> Page:
        """The page after a visit, in a new tab or the one given."""
        page = page or self.context.new_page()
        page.goto(host + path)
        return page

    def visit(self, path: str = "/", *, host: str = SHOP, page: Page | None = None) -> Page:
        """As ``open``, and the hub has heard of it."""
        seen = len(self.hub.heard("pageview"))
        page = self.open(path, host=host, page=page)
        self.hub.wait("pageview", count=seen + 1)
        self.quiet(page)
        return page

    def quiet(self, page: Page) -> None:
        """Return when whatever the page had begun to send has arrived and been answered."""
        page.evaluate("async () => { await new Promise(r => setTimeout(r, 10)); await fetch('/quiet'); }")
        self.hub.wait_idle()
        page.evaluate("async () => { while (window.unsettled) await new Promise(r => setTimeout(r, 5)); }")

    def cookies(self) -> dict[str, Any]:
        """Name to cookie (value, domain, expires, secure, sameSite...) of the shop."""
        return {str(cookie.get("name")): cookie for cookie in self.context.cookies([SHOP])}

    def stored(self, page: Page) -> dict[str, str]:
        stored: dict[str, str] = page.evaluate("() => ({...localStorage})")
        return stored


@pytest.fixture(scope="module")
def module_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingHub]:
    with recording_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def browser(module_hub: RecordingHub) -> Iterator[Browser]:
    executable = ensure_chromium()
    flags = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
    everything_here = f"MAP * 127.0.0.1:{module_hub.server_address[1]}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                *(f"--{flag}" for flag in flags.split()),
                "--disable-sync",
                "--disable-site-isolation-trials",
                "--ignore-certificate-errors",
                f"--host-resolver-rules={everything_here}",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def hub(module_hub: RecordingHub) -> RecordingHub:
    module_hub.reset()
    return module_hub


@pytest.fixture
def context(browser: Browser, hub: RecordingHub) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(20_000)
    context.add_init_script(COUNT_FETCHES)
    yield context
    hub.release.set()
    context.close()


@pytest.fixture
def shop(hub: RecordingHub, context: BrowserContext) -> Shop:
    shop = Shop(hub, context)
    shop.publish()
    return shop
