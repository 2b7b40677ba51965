"""One hub that trusts one receiver, one Chromium, and the browsers of an operator and of a seller."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.alert_channels.conftest import trusting
from tests.alert_channels.receiver import Receiver
from tests.browser.chromium import ensure_chromium
from tests.simulators.serving import serving
from tests.ui_alerts.scene import Scene, play
from tests.ui_operations.browsing import FLAGS, SIZES
from tests.ui_operations.running import Running, running
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis


@pytest.fixture(scope="module")
def heard() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver.app()) as url:
        receiver.origin = url
        yield receiver


@pytest.fixture(scope="module")
def hub(servers: tuple[EmbeddedPostgres, EmbeddedRedis], heard: Receiver) -> Iterator[Running]:
    with running(*servers) as made:
        made.settings = trusting(made.settings, heard)
        made._server.config.app.state.settings = made.settings  # type: ignore[union-attr]
        yield made


@pytest.fixture(scope="module")
def scene(hub: Running, heard: Receiver) -> Scene:
    return hub.run(play(hub.settings, heard))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def people(hub: Running, scene: Scene, browser: Browser) -> Iterator[dict[str, Page]]:
    """A page of each, signed in by their link."""
    found = {}
    for name, link in (("operator", scene.operator), ("seller", scene.seller)):
        size: Any = {"width": 1280, "height": SIZES[1280]}
        context = browser.new_context(base_url=hub.origin, viewport=size, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        page = found[name] = context.new_page()
        page.goto(link)
        page.locator("main button.primary").click()
        expect(page.locator("main h1")).to_be_visible()
    yield found
    for page in found.values():
        page.context.close()
