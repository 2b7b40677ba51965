"""One embedded PostgreSQL and Redis per test process, and a database as the migrations left it for a test that asks."""

import base64
import gc
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from argon2 import PasswordHasher, Type
from sqlalchemy.ext.asyncio import AsyncEngine

from api.cli.processes import upgrade_all
from tests import stack, temporary
from tests.databases import ReusedDatabase
from tracking_core.db import engine as db_engine
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.kit import clock
from tracking_core.kit.loading import loading
from tracking_core.settings import Settings, get_settings
from tracking_core.users import passwords

_PAGES = ("desk", "operations", "sign_in", "alerts", "speed", "reconciliation")
# Few tests, each long: whole processes, browsers, setups. Begun last, they would be what everybody waits for. The files
# that take longest come first.
_LONG = (
    "ui_journeys",
    "secrets",
    "cli",
    "ui_setup",
    "journey",
    "evals",
    "ui_chat",
    "soak",
    "chaos",
    "scale",
    "proof",
    "alerts",
    "browser",
    "configuration",
    *(f"ui_{name}" for name in _PAGES),
)
_DEPLOYED = passwords._HASHER
temporary.use_memory()
KEYS = "test:" + base64.b64encode(bytes(range(32))).decode()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of what is loaded here goes before the end: no test's garbage is to be looked for in it."""
    with loading():
        collected = yield
    gc.freeze()
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first; within both, as they were found."""
    root = Path(__file__).parent
    rank = {name: at for at, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(root).parts[0], len(rank)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, None, None]:
    """A folder's stacks end with its tests: no test process comes back to a folder."""
    yield
    if nextitem is None or nextitem.path.parent != item.path.parent:
        stack.stop_all()


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
def reused_database(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> Iterator[ReusedDatabase]:
    with closing(ReusedDatabase(servers[0].url)) as made:
        yield made


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
def _engines_are_kept() -> Iterator[None]:
    """An engine holds compiled what it was asked before; made anew for a test it would compile all of it again. Each
    test has connections of its own: ``dispose`` gives the engine another pool."""
    create, made = db_engine.create_engine, dict[tuple[object, ...], AsyncEngine]()

    def kept(settings: Settings) -> AsyncEngine:
        about = (settings.database_url, settings.database_direct_url, settings.database_pool_size)
        if about not in made:
            made[about] = create(settings)
        return made[about]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(db_engine, "create_engine", kept)
        yield


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_quick() -> Iterator[None]:
    """The same scheme at its least: as deployed, each takes a fifth of a second of work on purpose."""
    least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", least)
        yield


@pytest.fixture
def deployed_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test of how passwords are kept."""
    monkeypatch.setattr(passwords, "_HASHER", _DEPLOYED)


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
