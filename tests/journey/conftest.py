"""The whole hub as processes, with every vendor simulated, and sellers who set up over HTTP."""

import json
import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import KEYS
from tests.journey.endpoint import Endpoint
from tests.journey.seller import Seller
from tests.journey.site import Site
from tests.stack import Stack
from tracking_core.embedded.process import free_port
from tracking_core.settings import get_settings

_FAST = {
    "HUB_SECRETS_KEYS": KEYS,  # this process remembers the keys of the tests before
    "HUB_SETUP_LEASE_SECONDS": "2",
    "HUB_CHAT_LEASE_SECONDS": "2",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_META_TIMEOUT_SECONDS": "2",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_LLM_API_KEY": "the-key-of-the-journey",
    "HUB_LLM_MODEL": "scripted",
    "HUB_LLM_PATIENCE_SECONDS": "1",
    "HUB_SUPPORT_WEBHOOK_SECRET": "the-desk-of-the-journey",
}
_numbers = count(1)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint(free_port())
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with Site() as made:
        yield made


@pytest.fixture(scope="session")
def running(endpoint: Endpoint, site: Site) -> Iterator[Stack]:
    settings = {"HUB_LLM_BASE_URL": endpoint.url, "HUB_SUPPORT_WEBHOOK_URL": f"{site.origin}/desk"}
    with tempfile.TemporaryDirectory(prefix="hub-journey-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), {**_FAST, **settings})
        trusted = [f"http://127.0.0.1:{stack.vendors_port}", site.origin]
        stack.environment["HUB_PROBE_TRUSTED_ORIGINS"] = json.dumps(trusted)
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


@pytest.fixture
def model(stack: Stack, endpoint: Endpoint) -> Iterator[Endpoint]:
    """The model that the chat asks, with nothing said yet."""
    endpoint.state.reset()
    yield endpoint
    endpoint.state.reset()
    if endpoint.has_refused:
        stack.setup.stop()  # its breaker remembers that; the next test's worker does not
        endpoint.has_refused = False
    if not endpoint.is_running:
        endpoint.start()
