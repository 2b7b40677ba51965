"""The application in process, over its real database and Redis."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

import httpx
import psycopg
import pytest

from api.app import create_app
from tests.api.setups import Setup
from tests.secrets import search
from tracking_core.db.engine import transaction
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

SECRET = "webhook-secret-of-the-test"


@dataclass(frozen=True)
class Tenant:
    """What a seller has after signing up."""

    id: UUID
    write_key: str
    secret_key: str
    webhook_path: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret_key}"}


@pytest.fixture
async def client(database: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


async def new_tenant(name: str) -> Tenant:
    async with transaction() as session:
        made = await tenants.create(session, name, actor="test")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, "hotmart", SECRET, actor="test")
    return Tenant(made.tenant_id, made.write_key, made.secret_key, tenants.webhook_path(endpoint))


@pytest.fixture
async def tenant(client: httpx.AsyncClient) -> Tenant:
    return await new_tenant("Loja de teste")


@pytest.fixture
async def setup(client: httpx.AsyncClient, tenant: Tenant) -> Setup:
    """Without a worker; the API waits for one only a moment."""
    made = await Setup.begin(client, tenant)
    made.waits(0.1)
    return made


@pytest.fixture
def rows(database: Settings) -> Callable[[], bytes]:
    """All that the tables hold."""

    def read() -> bytes:
        with psycopg.connect(database.database_url.replace("+psycopg", "")) as connection:
            return b"\n".join(held for _, held in search.tables(connection))

    return read
