"""What every answer is sent with, whoever made it: a page, JSON, a file, a stream, a refusal, a crash.

Put on last, outside of all middleware: what a framework answers by itself, when something crashed, passes here too.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from api.ui.paths import EMBED, is_page
from api.ui.security import PageHeaders
from tracking_core.settings import Settings

_HSTS = "max-age=31536000; includeSubDomains"
# JSON, a file, a stream: nothing that a browser should ever run, frame or load anything for.
_NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SCRIPT_OF_SELLERS = "/t.js"
_KEPT_BY_BROWSERS = (_SCRIPT_OF_SELLERS, "/static/")


class AnswerHeaders:
    def __init__(self, settings: Settings) -> None:
        self._is_secure = settings.base_url.startswith("https://")
        self._pages = PageHeaders.policies(settings)

    def sending(self, scope: Scope, send: Send) -> Send:
        """``send`` for this request, with the headers that nobody has set yet."""
        path = scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.complete(path, MutableHeaders(scope=message))
            await send(message)

        return with_headers

    def complete(self, path: str, headers: MutableHeaders) -> None:
        if is_page(path):
            PageHeaders.put_on(path, headers, self._pages)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Content-Security-Policy", _NOT_A_PAGE)
        # A seller's page loads the script and frames the status; nobody else's page has any use for the rest.
        is_shared = path == _SCRIPT_OF_SELLERS or path.startswith(("/track/", EMBED))
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_shared else "same-origin")
        if not path.startswith(_KEPT_BY_BROWSERS):
            headers.setdefault("Cache-Control", "no-store")
        if self._is_secure:
            headers.setdefault("Strict-Transport-Security", _HSTS)

    def of_accepted(self) -> list[tuple[bytes, bytes]]:
        """What a browser event's answer needs of them, as it is sent: nothing on that path is worked out twice."""
        headers = MutableHeaders({"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})
        if self._is_secure:
            headers["Strict-Transport-Security"] = _HSTS
        return headers.raw
