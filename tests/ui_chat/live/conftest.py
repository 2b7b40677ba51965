"""The chat in a real browser, at a hub that runs as processes, with a simulated model."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright
from typer.testing import CliRunner

from api.cli import app
from evals.stack import Stack
from tests.browser.chromium import ensure_chromium
from tests.journey.conftest import endpoint, model, running, site, stack
from tests.journey.seller import Seller
from tests.ui_chat.live.looking import Chat
from tracking_core.models import Role

__all__ = ["endpoint", "model", "running", "site", "stack"]
_FLAGS = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-sync")
_numbers = count(1)
Opens = Callable[..., Chat]


@pytest.fixture(scope="module")
def chromium(running: Stack) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = [f"--{flag}" for flag in _FLAGS]
        browser = playwright.chromium.launch(executable_path=ensure_chromium(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def shop(stack: Stack) -> Iterator[Seller]:
    """A seller with a setup, as the API knows them. Playwright's loop runs in this thread."""
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(lambda: Seller(stack, dataset=f"8400000000{next(_numbers):05}")).result()
    yield made
    made.http.close()


@pytest.fixture
def opens(chromium: Browser, shop: Seller) -> Iterator[Opens]:
    """A browser of the seller's, or of one of our own, at the wizard; any error that it tells of fails the test."""
    opened: list[Chat] = []

    def opens(role: Role = Role.SELLER, **options: object) -> Chat:
        opened.append(Chat(chromium.new_context(**options), shop))  # type: ignore[arg-type]
        opened[-1].arrive(role)
        return opened[-1]

    yield opens
    for chat in opened:
        chat.context.close()
    assert [chat.noise for chat in opened] == [[] for _ in opened]


@pytest.fixture
def chat(opens: Opens) -> Chat:
    return opens(viewport={"width": 1280, "height": 900}, locale="pt-BR")


@pytest.fixture
def desk(stack: Stack) -> Iterator[httpx.Client]:
    """Bia's, with a key of her own."""
    with ThreadPoolExecutor(1) as pool:
        key = json.loads(pool.submit(_staff, "create", "--name", "Bia", "--json").result())
    headers = {"Authorization": f"Bearer {key['key']}"}
    url = f"{stack.http.base_url}/api/v1/handoffs/"
    with httpx.Client(base_url=url, headers=headers, timeout=40, trust_env=False) as client:
        yield client
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_staff, "revoke", "--id", key["id"]).result()


def _staff(*arguments: str) -> str:
    made = CliRunner().invoke(app, ["staff", "key", *arguments])
    assert made.exit_code == 0, made.output
    return made.output
