"""What every page is sent with, and which forms are believed."""

import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.ui.paths import EMBED, SIGN_IN, is_page
from tracking_core.errors import Forbidden
from tracking_core.secrets.keyring import process_keyring
from tracking_core.settings import Settings

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors {ancestors}"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# An address there may hold a sign-in link or a provider's code: it is told to nobody, not even to us. The origin stays,
# for by "no-referrer" a browser would also hide where a form comes from.
_SIGN_IN_HEADERS = {**_HEADERS, "Referrer-Policy": "strict-origin"}
_TOKEN_BYTES = 16
_HEX = re.compile(r"[0-9a-f]+")
_OURS = frozenset({"same-origin", "none"})


class FormRefused(Forbidden):
    """Not sent by one of our own pages, or by one of another sign-in."""

    code = "form_refused"
    message = "This form is out of date. Load the page again and send it once more."


class PageHeaders:
    """Pages say what they may load, and who may frame them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._policies = app, self.policies(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.put_on(scope["path"], MutableHeaders(scope=message), self._policies)
            await send(message)

        await self._app(scope, receive, with_headers)

    @staticmethod
    def policies(settings: Settings) -> Mapping[bool, str]:
        """Of what stands in other people's pages, and of all else."""
        origins = " ".join(settings.embed_origins) or "'none'"
        return {True: _POLICY.format(ancestors=origins), False: _POLICY.format(ancestors="'none'")}

    @staticmethod
    def put_on(path: str, headers: MutableHeaders, policies: Mapping[bool, str]) -> None:
        headers.update(_SIGN_IN_HEADERS if path.startswith(SIGN_IN) else _HEADERS)
        # A route that allows itself less is believed: a stranger's picture may do nothing at all.
        headers.setdefault("Content-Security-Policy", policies[path.startswith(EMBED)])
        headers.setdefault("Cache-Control", "no-store")


def require_own_page(request: Request) -> None:
    """Raises FormRefused for a form of another site: by what the browser says of where it comes from (Fetch Metadata,
    else Origin). Every browser of the last years sends one of them with a POST, so one without is refused too: before
    somebody has signed in, no token guards the form."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if not (site in _OURS if site else _is_own(origin, request)):
        raise FormRefused


def _is_own(origin: str | None, request: Request) -> bool:
    """As the settings name us, else by the host that was asked; a page that came in the clear is not one of a site that
    has TLS."""
    if origin is None:
        return False
    said, base = urlsplit(origin), urlsplit(request.app.state.settings.base_url)
    if (said.scheme, said.netloc) == (base.scheme, base.netloc):
        return True
    is_as_safe = said.scheme in ("https", base.scheme)
    return is_as_safe and bool(said.netloc) and said.netloc == request.headers.get("host")


def csrf_token(session_token: str) -> str:
    """Of a signed-in browser; another sign-in has another. Pages are sent compressed, so it looks another each time:
    from how long a page is nobody can tell it bit by bit."""
    mask = secrets.token_bytes(_TOKEN_BYTES)
    return (mask + _mixed(mask, _signature(process_keyring().derived("csrf")[0], session_token))).hex()


def require_csrf(sent: str, session_token: str) -> None:
    """Raises FormRefused."""
    if len(sent) != 4 * _TOKEN_BYTES or not _HEX.fullmatch(sent):
        raise FormRefused
    given = bytes.fromhex(sent)
    told = _mixed(given[:_TOKEN_BYTES], given[_TOKEN_BYTES:])
    known = [_signature(key, session_token) for key in process_keyring().derived("csrf")]
    if not any(hmac.compare_digest(told, one) for one in known):
        raise FormRefused


def _signature(key: bytes, session_token: str) -> bytes:
    return hmac.new(key, session_token.encode(), sha256).digest()[:_TOKEN_BYTES]


def _mixed(mask: bytes, content: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(mask, content, strict=True))
