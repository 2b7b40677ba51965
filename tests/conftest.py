"""One embedded PostgreSQL and Redis per test process, and a database as the migrations left it for a test that asks."""

import base64
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from api.cli.processes import upgrade_all
from tests.databases import ReusedDatabase
from tracking_core.db import engine as db_engine
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.kit import clock
from tracking_core.settings import Settings, get_settings

_PAGES = ("setup", "chat", "desk", "operations", "sign_in", "alerts", "journeys", "speed", "reconciliation")
# Few tests, each long: whole processes, browsers, setups. Begun last, they would be what everybody waits for.
_LONG = (
    "secrets",
    "journey",
    "chaos",
    "scale",
    "alerts",
    "evals",
    "proof",
    "browser",
    *(f"ui_{name}" for name in _PAGES),
)
KEYS = "test:" + base64.b64encode(bytes(range(32))).decode()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first; within both, as they were found."""
    root = Path(__file__).parent
    rank = {name: at for at, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(root).parts[0], len(rank)))


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedRedis]]:
    """Throw-away servers of this test process, with the template database migrated."""
    with tempfile.TemporaryDirectory(prefix="hub-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        postgres = EmbeddedPostgres(Path(folder), free_port(), durable=False)
        redis = EmbeddedRedis(Path(folder), free_port())
        postgres.start()
        redis.start()
        upgrade_all(postgres.url)
        yield postgres, redis
        redis.stop()
        postgres.stop()


@pytest.fixture(scope="session")
def reused_database(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> ReusedDatabase:
    return ReusedDatabase(servers[0].url)


@pytest.fixture
def renewed_database(reused_database: ReusedDatabase) -> None:
    """For a test that looks at how a query is planned: pages of rows that are gone count there."""
    reused_database.renew()


@pytest.fixture
def database_url(reused_database: ReusedDatabase) -> Iterator[str]:
    """A database as the migrations left it, for one test."""
    yield reused_database.url
    reused_database.clean()


@pytest.fixture
def settings(
    database_url: str, servers: tuple[EmbeddedPostgres, EmbeddedRedis], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """The process's settings for one test; code under test sees them through ``get_settings``."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_ENVIRONMENT", "testing")
    monkeypatch.setenv("HUB_DATABASE_URL", database_url)
    monkeypatch.setenv("HUB_REDIS_URL", servers[1].url)
    monkeypatch.setenv("HUB_SECRETS_KEYS", KEYS)
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Settings]:
    """The engine bound to the test's database and event loop."""
    yield settings
    await db_engine.dispose()


@pytest.fixture(autouse=True, scope="session")
def _loggers_are_asked_each_time() -> Iterator[None]:
    """A logger that remembers its output would go on writing to that of an earlier test."""
    configure = structlog.configure
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(structlog, "configure", lambda **how: configure(**{**how, "cache_logger_on_first_use": False}))
        yield


@pytest.fixture(autouse=True)
def _quiet_logging() -> Iterator[None]:
    """What a test configured ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _system_clock() -> Iterator[None]:
    yield
    clock.set_source(None)
