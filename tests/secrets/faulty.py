"""A secrets manager on a bad day: one answer to whatever is asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class FaultyServer:
    """``status``, ``body`` and ``headers`` are its answer; with ``is_silent`` it never gives one."""

    def __init__(self) -> None:
        self.status, self.body, self.is_silent = 200, b"", False
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.is_asked = threading.Event()
        self._released = threading.Event()

    def answers(self, status: int, body: bytes, **headers: str) -> None:
        self.status, self.body, self.headers = status, body, headers

    def __enter__(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65_537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                outer._answer(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_error: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", 0)))
        self.asked.append(f"{handler.command} {handler.path}")
        self.is_asked.set()
        if self.is_silent:
            self._released.wait()
            handler.close_connection = True
            return
        handler.send_response(self.status)
        for name, value in {"content-length": str(len(self.body)), **self.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            handler.wfile.write(self.body)
        except OSError:
            handler.close_connection = True
