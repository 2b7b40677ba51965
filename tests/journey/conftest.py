"""The whole hub as processes, with every vendor simulated, and sellers who set up over HTTP."""

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from evals.stack import Stack
from tests.conftest import KEYS
from tests.journey.seller import Seller
from tracking_core.settings import get_settings

_FAST = {
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
    "HUB_SETUP_LEASE_SECONDS": "2",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_META_TIMEOUT_SECONDS": "2",
    "HUB_DATABASE_POOL_SIZE": "4",
}
_numbers = count(1)


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="hub-journey-", ignore_cleanup_errors=True) as folder:
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
    """Everything runs, no fault is set, and this process has the hub's settings, to make tenants with."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    for service in (running.meta, running.vendors, running.api, running.worker, running.setup, running.scheduler):
        if not service.is_running():
            running.start(service)
    running.vendors_control.post("/reset")
    running.control.delete("/faults")
    yield running
    get_settings.cache_clear()


@pytest.fixture
def seller(stack: Stack) -> Iterator[Seller]:
    seller = Seller(stack, dataset=f"8200000000{next(_numbers):05}")
    yield seller
    seller.http.close()
