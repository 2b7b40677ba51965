"""A site of the test's own: pages with whatever a stranger would write on them, and a desk that takes notifications."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from evals.simulators.landing.pages import page
from evals.simulators.landing.state import Settings

_TITLE = "Curso Exemplo"


class Site:
    """``posted`` are the bodies that came."""

    def __init__(self) -> None:
        self.posted: list[bytes] = []
        self._pages: dict[str, bytes] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site._show(self)

            def do_POST(self) -> None:
                site.posted.append(self.rfile.read(int(self.headers.get("content-length", 0))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def write(self, path: str, said: str, *, script: str, dataset: str) -> str:
        """The address of a page that is a good one but for what stands in its title and its text."""
        html = page(Settings(script=script, pixel_id=dataset), None).replace(_TITLE, said)
        self._pages[f"/{path}"] = html.encode()
        return f"{self.origin}/{path}"

    def _show(self, request: BaseHTTPRequestHandler) -> None:
        html = self._pages.get(request.path)
        request.send_response(404 if html is None else 200)
        request.send_header("content-type", "text/html; charset=utf-8")
        request.send_header("content-length", str(len(html or b"")))
        request.end_headers()
        request.wfile.write(html or b"")
