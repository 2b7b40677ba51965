"""A Kiwify-like API on the loopback: keeps the account's webhooks, counts every effect, fails as the test says."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

ACCOUNT = "acc-77-loja-da-ana"


class Kiwify:
    """``faults`` is asked once for each ``"METHOD"`` with an effect or a listing and says what to do instead of plainly
    answering: a status to refuse with (nothing is done), or ``lose`` (it is done, and the answer never comes)."""

    def __init__(self) -> None:
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.effects: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.faults: Callable[[str], int | str | None] = lambda _method: None
        self.victim: int | None = None  # killed when an effect is done and not yet answered
        self.gate: threading.Event | None = None  # an effect waits here before it is done
        self.waiting = threading.Event()
        self.at_gate = threading.Semaphore(0)  # released by each that arrives there
        self._lock = threading.Lock()
        kiwify = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                kiwify._answer(self)

            def do_POST(self) -> None:
                kiwify._answer(self)

            def do_DELETE(self) -> None:
                kiwify._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Kiwify":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def urls(self) -> list[str]:
        return sorted(one["url"] for one in self.webhooks.values())

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.path.endswith("/oauth/token"):
            return _say(
                request, 200, {"access_token": "token-of-the-moment", "expires_in": 3600, "token_type": "Bearer"}
            )
        assert request.headers["x-kiwify-account-id"] == ACCOUNT
        self.calls[request.command] += 1
        fault = self.faults(request.command)
        if isinstance(fault, int):
            return _say(request, fault, {"message": "no"})
        said = self._done(request.command, request.path, body)
        if fault == "lose":
            request.close_connection = True
            return None
        return _say(request, 200 if said is not None else 404, said or {"message": "not found"})

    def _done(self, method: str, path: str, body: bytes) -> dict[str, Any] | None:
        if method == "GET":
            page = int(parse_qs(urlsplit(path).query)["page_number"][0])
            return {"data": list(self.webhooks.values()) if page == 1 else []}
        if self.gate is not None:
            self.waiting.set()
            self.at_gate.release()
            self.gate.wait(20)
        with self._lock:
            said = self._created(orjson.loads(body)) if method == "POST" else self._deleted(path.rsplit("/", 1)[1])
            self.effects[method] += said is not None
        if self.victim is not None:
            os.kill(self.victim, signal.SIGKILL)
        return said

    def _created(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = {"id": f"wh{self.effects['POST'] + 1}", **asked}
        self.webhooks[made["id"]] = made
        return made

    def _deleted(self, webhook_id: str) -> dict[str, Any] | None:
        return self.webhooks.pop(webhook_id, None)


def _say(request: BaseHTTPRequestHandler, status: int, said: object) -> None:
    body = orjson.dumps(said)
    try:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
    except ConnectionError:
        pass  # whoever asked is dead
