"""One hub on simulators with its story told, and one browser, for everything that looks at pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from evals.pages.browser import chromium
from evals.pages.hub import Hub, on_simulators
from evals.pages.story import Scene, tell
from tests.browser.chromium import ensure_chromium
from tests.conftest import KEYS
from tests.stack import Stack


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    # This process remembers the keys of the tests before.
    with on_simulators({"HUB_SECRETS_KEYS": KEYS}, stack_type=Stack) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(ensure_chromium()) as made:
        yield made


@pytest.fixture(scope="module")
def scene(hub: Hub, browser: Browser) -> Scene:
    return tell(hub, browser)
