"""The wizard over the real database, for who fills in its forms; and the whole hub as processes with a browser, for who
clicks through it."""

import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from sqlmodel import col, select

from api.app import create_app
from api.ui import paths
from tests.browser.chromium import ensure_chromium
from tests.conftest import KEYS
from tests.stack import Stack
from tests.ui.conftest import browser as browser_of
from tests.ui_setup.running import EMBEDDING, Shop, new_shop
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role, SetupIntent
from tracking_core.settings import Settings, get_settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

_FAST = {
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
    "HUB_SETUP_LEASE_SECONDS": "5",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_META_TIMEOUT_SECONDS": "2",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_EMBED_ORIGINS": f'["{EMBEDDING}"]',
}
_FLAGS = "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update"
_numbers = count(1)


@dataclass(frozen=True)
class Seller:
    """``http`` is their browser; it sends the token of their pages with everything."""

    http: httpx.AsyncClient
    tenant_id: UUID
    setup_id: UUID

    @property
    def at(self) -> str:
        return f"{paths.SETUPS}/{self.setup_id}"

    async def step(self, name: str) -> str:
        answer = await self.http.get(f"{self.at}?step={name}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, path: str, form: dict[str, str]) -> httpx.Response:
        return await self.http.post(f"{self.at}/{path}", data=form)

    async def asked(self) -> list[SetupIntent]:
        """What is in the setup's inbox, in its order."""
        query = select(SetupIntent).where(SetupIntent.session_id == self.setup_id).order_by(col(SetupIntent.seq))
        async with transaction() as session:
            return list((await session.scalars(query)).all())


@pytest.fixture
async def app(database: Settings) -> AsyncIterator[FastAPI]:
    """Without a worker; a form waits for one only a moment."""
    settings = database.model_copy(update={"setup_action_wait_seconds": 0.05, "embed_origins": [EMBEDDING]})
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def seller(app: FastAPI) -> AsyncIterator[Seller]:
    async with browser_of(app) as client:
        yield await _signed_in(client)


@pytest.fixture
async def another(app: FastAPI) -> AsyncIterator[Seller]:
    async with browser_of(app) as client:
        yield await _signed_in(client)


@pytest.fixture
async def support(app: FastAPI, seller: Seller) -> AsyncIterator[Seller]:
    """One of our own people, at the seller's setup."""
    async with browser_of(app) as client:
        made = await _signed_in(client, Role.SUPPORT)
        yield Seller(client, made.tenant_id, seller.setup_id)


async def _signed_in(client: httpx.AsyncClient, role: Role = Role.SELLER) -> Seller:
    """A new person with a shop of their own and its setup, signed in by their link."""
    async with transaction() as session:
        made = await tenants.create(session, "Cursos da Ana", actor="test")
        setup = await sessions.create(session, made.tenant_id, caller=made.tenant_id, actor="test")
        name = new_hex()
        user = await users.invite(session, f"{name}@example.com", name, role, actor="test", tenants=[made.tenant_id])
        token = await links.issue(session, user, now=clock.now())
    answer = await client.post(f"{paths.SIGN_IN}/link/{token}")
    assert answer.status_code == 303, answer.text
    page = (await client.get(f"{paths.SETUPS}/{setup.id}/status")).text
    csrf = re.search(r'data-csrf="([0-9a-f]{64})"', page)
    assert csrf is not None, page
    client.headers["X-CSRF-Token"] = csrf[1]
    return Seller(client, made.tenant_id, setup.id)


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-pages-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), _FAST)
        try:
            stack.start_servers()
            stack.start(stack.meta, stack.vendors, stack.api, stack.worker, stack.setup, stack.scheduler)
            yield stack
        finally:
            stack.stop()


@pytest.fixture
def stack(running: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Everything runs, no fault is set, and this process has the hub's settings, to make shops with."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    running.vendors_control.post("/reset")
    running.control.delete("/faults")
    yield running
    get_settings.cache_clear()


@pytest.fixture
def shop(stack: Stack) -> Shop:
    made = new_shop(stack, dataset=f"8300000000{next(_numbers):05}")
    made.publish()
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=ensure_chromium(), args=[f"--{flag}" for flag in _FLAGS.split()]
        )
        yield browser
        browser.close()
