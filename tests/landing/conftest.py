"""The simulated landing page on a free port of 127.0.0.1, and a probe of it as the hub makes one."""

import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import httpcore
import httpx
import pytest
import uvicorn

from evals.simulators.landing.app import create_app
from evals.simulators.meta.transport import config
from tests.kit.world import Names
from tracking_core.kit.guarded.client import GuardedClient, Limits
from tracking_core.landing.probe import probe
from tracking_core.setup.outcome import Outcome

HUB = "https://hub.example"
KEY = "wk_hub_" + "k" * 32
SCRIPT = f"{HUB}/t.js?key={KEY}"
DATASET = "123456789012345"

Prober = Callable[..., Coroutine[Any, Any, Outcome]]


async def is_our_key(key: str) -> bool:
    return key == KEY


@pytest.fixture(scope="session")
def ssl_context() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


@pytest.fixture(scope="package")
def landing_url() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(create_app(), port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
async def control(landing_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The page with the script of this hub on it; ``PATCH /_control/page`` changes it."""
    async with httpx.AsyncClient(base_url=landing_url, trust_env=False, timeout=5) as client:
        assert (await client.put("/_control/page", json={"script": SCRIPT})).status_code == 204
        yield client


@pytest.fixture
def visit(landing_url: str, control: httpx.AsyncClient, ssl_context: ssl.SSLContext) -> Prober:
    """Probe a path of the page, of which the loopback's is the only address that may be reached."""

    async def run(path: str, *, dataset_id: str | None = DATASET, limits: Limits | None = None) -> Outcome:
        client = GuardedClient(trusted_origins={landing_url}, resolver=Names(), ssl_context=ssl_context, limits=limits)
        return await probe(
            landing_url + path, is_our_key=is_our_key, hub_base_url=HUB, dataset_id=dataset_id, client=client
        )

    return run
