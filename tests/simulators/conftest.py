"""One simulator of Meta's endpoint per module, on a free port of 127.0.0.1."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from evals.simulators.meta.app import create_app
from evals.simulators.meta.state import State
from evals.simulators.meta.transport import config


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(create_app(State()), port))
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
def meta(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, trust_env=False, timeout=5) as client:
        yield client
        client.delete("/_control/faults")
        client.delete("/_control/events")
