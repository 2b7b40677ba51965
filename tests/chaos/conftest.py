"""The hub as real processes on throw-away servers, short leases, and the simulator in front."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.shop import Shop, new_datasets
from tests.chaos.stack import Stack
from tracking_core.settings import get_settings


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder))
        try:
            stack.start_all()
            yield stack
        finally:
            stack.stop()


@pytest.fixture
def stack(running: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Everything runs, no fault is set, and this process has the hub's settings, to make tenants with."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    running.heal()
    yield running
    running.meta.is_running() and running.control.delete("/faults")
    get_settings.cache_clear()


@pytest.fixture
def shop(stack: Stack) -> Shop:
    return Shop(stack, new_datasets())
