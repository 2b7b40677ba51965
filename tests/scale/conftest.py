"""The hub's settings with a transaction pooler in front of its database."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.scale.pooler import pooled
from tracking_core.db import engine as db_engine
from tracking_core.settings import Settings, get_settings


@pytest.fixture
def pooler(settings: Settings) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="hub-pooler-") as folder:
        Path(folder).chmod(0o755)
        with pooled(settings.database_url, Path(folder)) as through:
            yield through


@pytest.fixture
async def behind_pooler(settings: Settings, pooler: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    monkeypatch.setenv("HUB_DATABASE_DIRECT_URL", settings.database_url)
    monkeypatch.setenv("HUB_DATABASE_URL", pooler)
    get_settings.cache_clear()
    yield get_settings()
    await db_engine.dispose()
