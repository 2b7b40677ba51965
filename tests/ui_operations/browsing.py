"""One hub with a scene, one Chromium, and the browsers of the people in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import ensure_chromium
from tests.ui_operations.running import Running, running
from tests.ui_operations.scene import Scene, play
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
SIZES = {1280: 900, 360: 740}


@pytest.fixture(scope="module")
def hub(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> Iterator[Running]:
    with running(*servers) as made:
        yield made


@pytest.fixture(scope="module")
def scene(hub: Running) -> Scene:
    return hub.run(play(hub.settings))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def states(hub: Running, scene: Scene, browser: Browser) -> dict[str, Any]:
    """The cookies of each who signed in by their link."""
    found = {}
    for name, link in (("operator", scene.operator), ("seller", scene.seller)):
        context = browser.new_context(base_url=hub.origin)
        page = context.new_page()
        page.goto(link)
        page.locator("main button.primary").click()
        expect(page.locator("main h1")).to_be_visible()
        found[name] = context.storage_state()
        context.close()
    return found


class Opened:
    """Browsers of a test, closed at its end; what a page complained of is kept."""

    def __init__(self, browser: Browser, hub: Running, states: dict[str, Any]) -> None:
        self._browser, self._hub, self._states = browser, hub, states
        self._contexts: list[BrowserContext] = []
        self.noise: list[str] = []

    def page(self, who: str, width: int = 1280, scheme: Any = "light", **how: Any) -> Page:
        size: Any = {"width": width, "height": SIZES[width]}
        known: dict[str, Any] = {"storage_state": self._states[who], "viewport": size, "color_scheme": scheme}
        context = self._browser.new_context(base_url=self._hub.origin, **known, **how)
        context.set_default_timeout(20_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self._heard(str(error)))
        page.on("console", lambda said: self._heard(said.text) if said.type == "error" else None)
        return page

    def _heard(self, noise: str) -> None:
        self.noise.append(noise)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def opened(browser: Browser, hub: Running, states: dict[str, Any]) -> Iterator[Opened]:
    made = Opened(browser, hub, states)
    yield made
    made.close()
    assert made.noise == []
