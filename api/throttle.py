"""How often one place may ask in vain, and one key at all: by process, in bounded memory, before the database is asked.

Keys and signatures cannot be guessed; what is bounded here is what trying, or a loop gone wrong, costs everybody else.
An address alone never shuts out a key that works: behind it may stand a whole company. Nor a webhook of one seller for
what came for another, or one where a true one has just come from: a gateway sends for everybody from a few addresses.
One of the inner network is not counted at all: it is a load balancer that the settings do not know
(``HUB_TRUSTED_PROXIES``), with everybody behind it.
"""

import re
import time
from collections import OrderedDict
from hashlib import sha256
from ipaddress import ip_address, ip_network
from uuid import UUID

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.limits import PerMinute
from api.ui.cookies import SessionCookie
from api.ui.sign_in.letting_in import network_of
from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.errors import RateLimited
from tracking_core.settings import Settings
from tracking_core.users.throttle import network_of as network_counted

FAILED_KEYS_PER_MINUTE = 60
FORGED_PER_MINUTE = 120
EXPORTS_PER_MINUTE = 30
_API = ("/api/", "/setup/")
_WEBHOOKS = "/webhooks/"
# What is read for long: files, and everything there is of a person.
_SLOW = re.compile(
    r"(?:GET|HEAD) .*\.csv|POST /api/v1/(?:operations/)?privacy/(?:export|purge)|POST /(?:app|ops)/privacy(?:/.*)?"
)
_PRIVATE = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 ::1 fc00::/7 fe80::/10"
_INSIDE = tuple(map(ip_network, _PRIVATE.split()))
_REFUSED, _UNTRUE = frozenset({401}), frozenset({401, 404})
_ELSEWHERE = 300
_GOOD_SECONDS = 900.0
_GOOD_MAX = 20_000


class Throttle:
    """ASGI middleware. Whoever asks too often gets 429 with Retry-After."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._keys = RateLimiter(settings.api_rate_per_second)
        self._slow, self._cookie = PerMinute(EXPORTS_PER_MINUTE), SessionCookie(settings)
        self._failed, self._forged = PerMinute(FAILED_KEYS_PER_MINUTE), PerMinute(FORGED_PER_MINUTE)
        self._good_keys, self._good_endpoints = _Good(), _Good()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            noting = self._asked(request)
        except RateLimited as refused:
            await problems.problem(request, refused)(scope, receive, send)
            return
        await self._app(scope, receive, _Noting(send, noting) if noting else send)

    def _asked(self, request: Request) -> "_Place | None":
        """What is noted of the answer. Raises RateLimited."""
        path: str = request.scope["path"]
        if path.startswith(_WEBHOOKS):
            return self._sent(request, path)
        shown = _shown(request)
        if _SLOW.fullmatch(f"{request.method} {path}") and (asker := self._asker(request, path, shown)):
            self._slow.check(asker)
        return self._opened(request, shown) if shown and path.startswith(_API) else None

    def _sent(self, request: Request, path: str) -> "_Place | None":
        """A webhook of one endpoint from one network."""
        network = _network(request)
        if not network:
            return None
        name = _digest(f"{network} {path} {_tenant(request)}")
        place = _Place(self._forged, name.hex(), name, self._good_endpoints, _UNTRUE)
        return place if self._good_endpoints.has(name) else place.required()

    def _opened(self, request: Request, shown: str) -> "_Place":
        key = _digest(shown)
        place = _Place(self._failed, _network(request), key, self._good_keys, _REFUSED)
        if not self._good_keys.has(key):
            return place.required()
        self._keys.check(key.hex())
        return place

    def _asker(self, request: Request, path: str, shown: str) -> str:
        """By key in the API, by who is signed in on a page; else by network, or nobody who is counted."""
        known = shown if path.startswith(_API) else self._cookie.read(request)
        return _digest(known).hex() if known else _network(request)


class _Good:
    """What was let in within the last quarter of an hour; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def has(self, one: bytes) -> bool:
        until = self._until.get(one)
        return until is not None and until > time.monotonic()

    def add(self, one: bytes) -> None:
        self.remove(one)
        self._until[one] = time.monotonic() + _GOOD_SECONDS
        if len(self._until) > _GOOD_MAX:
            self._until.popitem(last=False)

    def remove(self, one: bytes) -> None:
        self._until.pop(one, None)


class _Place:
    """Who asks, as far as failing goes. ``bucket`` is empty for one that is not counted; ``vain`` are the statuses of
    having asked for nothing."""

    def __init__(self, limiter: PerMinute, bucket: str, shown: bytes, good: _Good, vain: frozenset[int]) -> None:
        self._limiter, self._bucket = limiter, bucket
        self._shown, self._good, self._vain = shown, good, vain

    def required(self) -> "_Place":
        if self._bucket:
            self._limiter.require(self._bucket)
        return self

    def answered(self, status: int) -> None:
        if status < _ELSEWHERE:
            self._good.add(self._shown)
        elif status in self._vain:
            if self._vain is _REFUSED:  # whoever forges a webhook takes nothing from the endpoint's true ones
                self._good.remove(self._shown)
            if self._bucket:
                self._limiter.take(self._bucket)


class _Noting:
    def __init__(self, send: Send, place: _Place) -> None:
        self._send, self._place = send, place

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._place.answered(message["status"])
        await self._send(message)


def _shown(request: Request) -> str:
    """The key as routes read it, so that no way of writing it makes it another."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else f"{scheme} {key}".strip()


def _tenant(request: Request) -> str:
    """Whose webhook it says it is, where its address does not say so, and as the route reads it."""
    if request.scope["path"].count("/") > _WEBHOOKS.count("/"):
        return ""
    try:
        return str(UUID(request.query_params.get("tenant_id", "")))
    except ValueError:
        return ""


def _network(request: Request) -> str:
    """Nothing for one of the inner network."""
    address = network_of(request)
    try:
        is_inside = any(ip_address(address) in network for network in _INSIDE)
    except ValueError:
        is_inside = True
    return "" if is_inside else network_counted(address)


def _digest(text: str) -> bytes:
    return sha256(text.encode(errors="replace")).digest()
