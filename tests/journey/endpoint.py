"""The simulated model in a thread of the test: scripted here, asked by the hub's worker over loopback."""

import logging
import threading

import orjson
import uvicorn

from evals.simulators.llm.app import create_app
from evals.simulators.llm.state import State
from evals.simulators.meta.transport import config
from evals.stack import wait_for


class Endpoint:
    """On a port that stays the same; stopped, it refuses every connection, which ``has_refused`` remembers. ``state``
    is what it says and was asked."""

    def __init__(self, port: int) -> None:
        self.state, self.has_refused = State(), False
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def asked(self) -> list[str]:
        """The bodies of all requests."""
        return list(self.state.bodies)

    def start(self) -> None:
        server = self._server = uvicorn.Server(config(create_app(self.state), self._port))
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        self._thread = threading.Thread(target=server.run, daemon=True)
        self._thread.start()
        wait_for(lambda: server.started, every=0.005)

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self.has_refused = True
        self._server.should_exit = True
        self._thread.join(10)
        assert not self.is_running

    def tools_offered(self) -> list[str]:
        """The names of the tools in the newest request."""
        return [one["function"]["name"] for one in orjson.loads(self.asked[-1])["tools"]]
