"""A Meta that answers each dataset in its own bad way and repeats what it knows: the token, the person, our headers."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import orjson

from tests.secrets.planted import APP_SECRET, CPF, EMAIL, PHONE

ACCEPTING, HOLDING, REFUSING, CRASHING, PAGE, STRANGE, UNCONFIRMED = (f"77000000000{number}" for number in range(7))
DATASETS = (ACCEPTING, HOLDING, REFUSING, CRASHING, PAGE, STRANGE, UNCONFIRMED)
_ERRORS = {HOLDING: (401, 190), REFUSING: (400, 100), CRASHING: (500, 2), STRANGE: (418, 987_654)}
_SUBCODES = {REFUSING: 2_804_050}  # without one, the hub would ask whether its own app secret is wrong


class EchoingMeta:
    """Listens on loopback while the block runs. ``tokens`` and ``bodies`` are what it was sent."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.bodies: list[bytes] = []
        self.is_kind = False  # once set, it accepts everything
        meta = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                meta._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing: its own log is no log of the hub."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "EchoingMeta":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.tokens.add(token)
        self.bodies.append(body)
        dataset = request.path.split("/")[-2]
        events = len(orjson.loads(body)["data"])
        status, answer = self._said(dataset, token, events)
        request.send_response(status)
        # Headers repeat it too, where a vendor's version and trace would stand.
        for name in ("facebook-api-version", "x-fb-trace-id", "www-authenticate"):
            request.send_header(name, f"{token} {EMAIL}")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _said(self, dataset: str, token: str, events: int) -> tuple[int, bytes]:
        echo = _echo(token)
        if dataset == ACCEPTING or self.is_kind:
            return 200, orjson.dumps({"events_received": events, "messages": [echo], "fbtrace_id": token})
        if dataset == PAGE:
            return 502, f"<html><body>Bad gateway for {echo}</body></html>".encode()
        if dataset == UNCONFIRMED:
            return 200, orjson.dumps({"events_received": 0, "messages": [echo]})
        status, code = _ERRORS[dataset]
        error: dict[str, Any] = {"code": code, "message": echo, "error_user_title": echo, "error_user_msg": echo}
        if dataset in _SUBCODES:
            error["error_subcode"] = _SUBCODES[dataset]
        error |= {"type": echo, "fbtrace_id": token, "error_data": {"blame_field_specs": [[EMAIL, token]]}}
        # An escape hides the e-mail from whoever masks before reading.
        return status, orjson.dumps({"error": error}).replace(b"@", b"\\u0040")


def _echo(token: str) -> str:
    return (
        f"Cannot use access_token={token} (app secret {APP_SECRET}) for {EMAIL}, {quote(EMAIL, safe='')}, {PHONE},"
        f" (11) 97123-6548, {PHONE.lstrip('+')} and {CPF}"
    )
