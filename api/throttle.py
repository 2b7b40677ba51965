"""How often one place may ask in vain, and one key at all: by process, in bounded memory, before the database is asked.

Keys and signatures cannot be guessed; what is bounded here is what trying, or a loop gone wrong, costs everybody else.
An address alone never shuts out a key that works: behind it may stand a whole company. One of the inner network is not
counted at all: it is a load balancer that the settings do not know (``HUB_TRUSTED_PROXIES``), with everybody behind it.
"""

import re
import time
from collections import OrderedDict
from hashlib import sha256
from ipaddress import ip_address, ip_network

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.limits import PerMinute
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
_EXPORT = re.compile(r".*\.csv|/api/v1/privacy/export")
_PRIVATE = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 ::1 fc00::/7 fe80::/10"
_INSIDE = tuple(map(ip_network, _PRIVATE.split()))
_VAIN = frozenset({401, 404})
_REFUSED, _FAILED = 401, 400
_GOOD_SECONDS = 900.0
_GOOD_MAX = 20_000


class Throttle:
    """ASGI middleware. Whoever asks too often gets 429 with Retry-After."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._keys = RateLimiter(settings.api_rate_per_second)
        self._exports = PerMinute(EXPORTS_PER_MINUTE)
        self._failed, self._forged = PerMinute(FAILED_KEYS_PER_MINUTE), PerMinute(FORGED_PER_MINUTE)
        self._good: OrderedDict[bytes, float] = OrderedDict()

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
        network = _network(request)
        if path.startswith(_WEBHOOKS):
            # Of one endpoint: a gateway sends for every seller from the same few addresses.
            return _Place(self, self._forged, f"{network} {path}").required() if network else None
        if _EXPORT.fullmatch(path):
            self._exports.check(_asker(request))
        shown = request.headers.get("authorization", "")
        if not (shown and path.startswith(_API)):
            return None
        key = _digest(shown)
        place = _Place(self, self._failed, network, key)
        if not self._is_good(key):
            return place.required()
        self._keys.check(key.hex())
        return place

    def _is_good(self, key: bytes) -> bool:
        until = self._good.get(key)
        return until is not None and until > time.monotonic()

    def learn(self, key: bytes, *, is_good: bool) -> None:
        """Whether the key opened something just now."""
        self._good.pop(key, None)
        if is_good:
            self._good[key] = time.monotonic() + _GOOD_SECONDS
            if len(self._good) > _GOOD_MAX:
                self._good.popitem(last=False)


class _Place:
    """Who asks, as far as failing goes."""

    def __init__(self, owner: Throttle, limiter: PerMinute, name: str, key: bytes | None = None) -> None:
        self._owner, self._limiter, self._name, self._key = owner, limiter, name, key

    def required(self) -> "_Place":
        if self._name:
            self._limiter.require(self._name)
        return self

    def answered(self, status: int) -> None:
        is_vain = status in _VAIN if self._key is None else status == _REFUSED
        if self._key is not None and (is_vain or status < _FAILED):
            self._owner.learn(self._key, is_good=not is_vain)
        if is_vain and self._name:
            self._limiter.take(self._name)


class _Noting:
    def __init__(self, send: Send, place: _Place) -> None:
        self._send, self._place = send, place

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._place.answered(message["status"])
        await self._send(message)


def _asker(request: Request) -> str:
    """By key, or by cookie; else by address."""
    shown = request.headers.get("authorization") or request.headers.get("cookie")
    return _digest(shown).hex() if shown else _network(request)


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
