"""The world of a setup session in front of a Kiwify-like server."""

from collections.abc import Iterator

import pytest

from tests.configuration.kiwify import Kiwify
from tests.configuration.world import Appliers, World
from tracking_core.settings import Settings, get_settings


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
