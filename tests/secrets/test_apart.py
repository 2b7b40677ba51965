"""A secrets manager is asked outside transactions: one that says nothing costs nobody a connection of the pool."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from api.app import create_app
from tests.api.conftest import new_tenant as new_shop
from tests.api.setups import Setup
from tests.secrets.conftest import Configure, point_at
from tests.secrets.faulty import FaultyServer
from tests.secrets.test_vault import KIND, SESSION, TOKEN, put, row_of
from tools.context import ToolContext
from tracking_core.db.engine import engine, transaction
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import SecretAccess, SetupIntent, Tenant, VaultSecret
from tracking_core.secrets import vault
from tracking_core.secrets.backends.base import in_thread
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown
from tracking_core.settings import Settings


@pytest.fixture
async def setup(database: Settings) -> AsyncIterator[Setup]:
    app = create_app(database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield await Setup.begin(client, await new_shop("Loja"))


@pytest.fixture
def silent(configure: Configure, faulty: FaultyServer) -> FaultyServer:
    """A secrets manager that never answers, and is given up soon."""
    faulty.is_silent = True
    point_at(configure, "hashicorp", faulty.url)
    configure(vault_timeout_seconds="0.5")
    return faulty


async def _while_it_is_asked(silent: FaultyServer, work: Any) -> Any:
    """What came of the work; no connection was in use while the manager said nothing."""
    working = asyncio.ensure_future(work)
    assert await asyncio.to_thread(silent.is_asked.wait, 20)
    assert (working.done(), engine().pool.checkedout()) == (False, 0)  # type: ignore[attr-defined]
    return await working


async def test_a_credential_put_holds_no_connection_while_the_manager_is_written(
    setup: Setup, silent: FaultyServer
) -> None:
    put_into = setup.send("PUT", "secrets/meta_access_token", {"value": TOKEN})
    answer = await _while_it_is_asked(silent, put_into)
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_store_unavailable")
    assert await setup.secrets() == []


async def test_a_check_with_a_credential_in_clear_holds_none_either_and_asks_for_nothing(
    setup: Setup, silent: FaultyServer
) -> None:
    answer = await _while_it_is_asked(silent, setup.meta())
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_store_unavailable")
    async with transaction() as session:
        assert (await session.scalars(select(SetupIntent))).all() == []


async def test_a_tool_opens_a_credential_without_a_connection_and_leaves_it_on_record(
    tenant: Tenant, database: Settings, configure: Configure, silent: FaultyServer
) -> None:
    configure(vault_backend="local")
    stored = await put(tenant)
    async with transaction() as session:
        outside = {"backend": "hashicorp", "external_ref": "hub/vault/one", "sealed": None}
        await session.execute(update(VaultSecret).where(col(VaultSecret.tenant_id) == tenant.id).values(**outside))
    context = ToolContext(
        settings=database,
        session_id=SESSION,
        tenant_id=tenant.id,
        fence=1,
        actor="worker",
        locale="en",
        guarded=GuardedClient(),
    )
    with pytest.raises(SecretStoreUnavailable):
        await _while_it_is_asked(silent, context.reveal(stored.reference, KIND, "validate"))
    async with transaction() as session:
        assert [one.purpose for one in (await session.scalars(select(SecretAccess))).all()] == ["validate"]


async def test_what_is_sealed_opens_only_once_it_is_stored(tenant: Tenant) -> None:
    row = await vault.seal(tenant=tenant, kind=KIND, value=TOKEN, actor="seller", session_id=SESSION, now=clock.now())
    wanted: dict[str, Any] = {"tenant_id": tenant.id, "session_id": SESSION, "kind": KIND}
    async with transaction() as session:
        with pytest.raises(SecretUnknown):
            await vault.require(session, f"secret:{row.id}", now=clock.now(), **wanted)
        stored = vault.store(session, row)
    async with transaction() as session:
        found = await vault.require(session, stored.reference, now=clock.now(), **wanted)
        admitted = await vault.admit(session, stored.reference, actor="worker", purpose="test", **wanted)
    assert found.id == UUID(stored.reference.removeprefix("secret:"))
    assert (await vault.unseal(admitted)).reveal() == TOKEN
    assert TOKEN not in repr(admitted)
    assert (await row_of(stored)).created_by == "seller"


async def test_few_calls_of_a_manager_run_at_a_time() -> None:
    started, release, lock = threading.Semaphore(0), threading.Event(), threading.Lock()
    running = most = 0

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        started.release()
        release.wait(20)
        with lock:
            running -= 1

    calls = [asyncio.ensure_future(in_thread("test", call, 20)) for _ in range(30)]
    await asyncio.to_thread(lambda: [started.acquire() for _ in range(8)])
    release.set()
    await asyncio.gather(*calls)
    assert most == 8
