"""Pages are sent compressed, to whoever takes that. A stream or a file is not: only an answer that is whole already.

How long a compressed page is could tell a secret in it from guesses beside it (BREACH): the token of its forms is
another in every answer, and the length is blurred by a name of random length in gzip's own header (RFC 1952), as Django
does it.
"""

import gzip
import io
import secrets
import string

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ui.paths import is_page

_LEAST_BYTES = 1_000
_LEVEL = 6
_BLUR = 100


class CompressedPages:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        is_taken = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        await self._app(scope, receive, _Compressor(send, is_taken=is_taken))


class _Compressor:
    """Keeps the start of an answer back until it is known whether its body is whole."""

    def __init__(self, send: Send, *, is_taken: bool) -> None:
        self._send, self._is_taken = send, is_taken
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message):
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            message = self._compressed(start, message)
            await self._send(start)
        await self._send(message)

    def _compressed(self, start: Message, message: Message) -> Message:
        headers, body = MutableHeaders(scope=start), message.get("body", b"")
        headers.add_vary_header("Accept-Encoding")
        if not self._is_taken or message.get("more_body", False) or len(body) < _LEAST_BYTES:
            return message
        packed = _packed(body)
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(packed))
        return {**message, "body": packed}


def _is_html(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers


def _packed(body: bytes) -> bytes:
    name = "".join(secrets.choice(string.ascii_letters) for _ in range(1 + secrets.randbelow(_BLUR)))
    packed = io.BytesIO()
    with gzip.GzipFile(name, "wb", _LEVEL, packed, mtime=0) as file:
        file.write(body)
    return packed.getvalue()
