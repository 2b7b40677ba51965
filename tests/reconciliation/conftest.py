"""A shop whose gateways list sales to it, the simulated vendors as new for each test, and a scripted Meta."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from evals.simulators.providers.app import create_app
from evals.simulators.providers.state import State
from tests.pipeline.conftest import ScriptedMeta
from tests.pipeline.conftest import Shop as PipelineShop
from tests.reconciliation.shop import ENDPOINTS, Shop, Vendors, connect, let_in
from tests.simulators.serving import serving
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.settings import Settings, get_settings
from tracking_core.tenants import service as tenants


@pytest.fixture(scope="package")
def running() -> Iterator[tuple[State, str]]:
    state = State()
    with serving(create_app(state)) as url:
        yield state, url


@pytest.fixture
def vendors(running: tuple[State, str]) -> Vendors:
    state, url = running
    state.reset()
    state.limits.update({"hotmart": 500, "kiwify": 100})
    let_in(state)
    return Vendors(state, url)


@pytest.fixture
async def shop(database: Settings, vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Connected two months ago; nothing waits for a webhook that may still come, and no call for the next."""
    for name, value in vendors.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    async with transaction() as session:
        made = await tenants.create(session, "Loja da Ana", actor="test")
        meta = await tenants.connect_meta(session, made.tenant_id, "1234567890", "EAAtesttoken", actor="test")
        endpoints = await connect(session, made.tenant_id)
        await session.flush()
        values = {"then": clock.now() - timedelta(days=60)}
        await session.execute(text("UPDATE webhook_endpoints SET created_at = :then"), values)
    pipeline = PipelineShop(get_settings(), ScriptedMeta(), made.tenant_id, meta.id)
    return Shop(pipeline, vendors, dict(zip(ENDPOINTS, endpoints, strict=True)), made.secret_key)
