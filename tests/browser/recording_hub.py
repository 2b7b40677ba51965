"""A small real HTTPS server that is the hub, the seller's site and the checkouts at once, told apart by host name.

The browser maps every name in the world to it, so a page can be ``https://www.loja.example/`` and link to the
gateways' real names while nothing leaves the machine.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SCRIPT = Path(__file__).parents[2] / "api" / "static" / "t.js"
HUB = "https://hub.example"
WAIT_SECONDS = 20

Event = dict[str, Any]


class RecordingHub(ThreadingHTTPServer):
    """What the hub heard, and levers for its faults. ``key`` is new for each test: late posts of others don't count."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tls = context
        self.changed = threading.Condition()
        self.runs = self.answering = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything heard and every page; be healthy again."""
        with self.changed:
            self.runs += 1
            self.key = f"wk_test_{self.runs}"
            self.events: list[Event] = []
            self.visited: list[str] = []
            self.headers: dict[str, str] = {}
            self.page: Callable[[str], str] = lambda path: "<!doctype html><title>empty</title>"
            self.status = 202
            self.release = threading.Event()
            self.release.set()

    def record(self, name: str, content_type: str, body: bytes) -> int:
        event: Event = {**json.loads(body), "name": name, "content_type": content_type, "status": self.status}
        with self.changed:
            if event["key"] == self.key:
                self.events.append(event)
                self.changed.notify_all()
        return self.status

    def heard(self, name: str | None = None) -> list[Event]:
        """Every event so far, in order of arrival, repeats included."""
        with self.changed:
            return [event for event in self.events if name in (None, event["name"])]

    def wait(self, name: str, *, count: int = 1) -> list[Event]:
        """The events of this name once there are ``count``; fails with what did come."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.heard(name)) >= count, WAIT_SECONDS)
        assert came, f"{count} x {name} expected, heard {[event['name'] for event in self.heard()]}"
        return self.heard(name)

    def wait_idle(self) -> None:
        """Return when every post that has begun to arrive is answered."""
        with self.changed:
            assert self.changed.wait_for(lambda: not self.answering, WAIT_SECONDS), "a post is still unanswered"

    @contextmanager
    def answer(self) -> Iterator[None]:
        with self.changed:
            self.answering += 1
        try:
            yield
        finally:
            with self.changed:
                self.answering -= 1
                self.changed.notify_all()

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        # The handshake belongs to the request's own thread: a browser's idle connection must not stop the others.
        return self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes early is no error of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: RecordingHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.request.settimeout(6 * WAIT_SECONDS)
        super().setup()

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        self.server.visited.append(f"https://{host}{self.path}")
        if host == "hub.example" and self.path.startswith("/t.js?"):
            return self._answer(200, SCRIPT.read_bytes(), "text/javascript; charset=utf-8")
        if self.path == "/favicon.ico":
            return self._answer(404, b"", "text/plain")
        page = self.server.page(self.path) if "loja" in host else "<!doctype html><title>checkout</title>"
        return self._answer(200, page.encode(), "text/html; charset=utf-8", **self.server.headers)

    def do_POST(self) -> None:
        with self.server.answer():
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.release.wait(WAIT_SECONDS)
            name = urlsplit(self.path).path.removeprefix("/track/")
            self._answer(self.server.record(name, self.headers["Content-Type"], body), b"{}", "application/json")

    def _answer(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the browser's own failures say more."""


@contextmanager
def recording_hub(folder: Path) -> Iterator[RecordingHub]:
    """A running hub on a free port of 127.0.0.1; ``folder`` takes its throw-away certificate."""
    hub = RecordingHub(_tls(folder))
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()


def _tls(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loja.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "hub.pem"
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *private) + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
