"""The world of a setup session in front of a Kiwify-like server."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import Appliers, World
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.settings import Settings, get_settings


@pytest.fixture(scope="package")
def database_url(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> Iterator[str]:
    """One for all tests here: each has a tenant of its own, and must not mind the others'."""
    base = servers[0].url.rsplit("/", 1)[0]
    with psycopg.connect(f"{base.replace('+psycopg', '')}/postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE configurations TEMPLATE hub STRATEGY FILE_COPY")
        yield f"{base}/configurations"
        admin.execute("DROP DATABASE configurations WITH (FORCE)")


@pytest.fixture
def kiwify() -> Iterator[Kiwify]:
    with Kiwify() as server:
        yield server


@pytest.fixture(scope="session")
def appliers() -> Iterator[Appliers]:
    made = Appliers()
    yield made
    made.close()


@pytest.fixture
async def world(database: Settings, kiwify: Kiwify, appliers: Appliers, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("HUB_KIWIFY_API_URL", kiwify.url)
    monkeypatch.setenv("HUB_PUBLIC_URL", "https://hub.example")
    get_settings.cache_clear()
    made = World(kiwify, appliers)
    await made.begin()
    return made
