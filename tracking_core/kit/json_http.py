"""One call to a provider's JSON API at an address the operator configured, bounded in time and size.

What the network or the provider does never raises; it is the ``kind`` of the answer. Addresses that come from other
people need the guarded client instead.
"""

import asyncio
import math
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from tracking_core.kit.clock import now

BODY_LIMIT_BYTES = 262_144
WAIT_MAX_SECONDS = 3_600

_CONNECT_TIMEOUT_SECONDS = 5.0
_REQUEST_LEFT = "send_request_headers.started"
# Meta has answered JSON as text/javascript.
_JSON_TYPES = ("application/json", "text/json", "text/javascript")


class Kind(StrEnum):
    """``JSON``, ``EMPTY``, ``NOT_JSON`` and ``TOO_LARGE`` came with a status; after ``TIMED_OUT`` and ``INTERRUPTED``
    there may be one, when it was the body that did not come; ``UNREACHABLE`` sent nothing."""

    JSON = "json"
    EMPTY = "empty"
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call came to. ``json`` and ``headers`` (lower-case names) may hold secrets and are not shown.

    ``has_left``: some of the request may have reached the provider. ``error`` is the name of the network's exception.
    """

    kind: Kind
    status: int | None = None
    json: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    latency_ms: int = 0
    has_left: bool = False
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_ambiguous(self) -> bool:
        """Whether the provider may have done what was asked although nobody can tell."""
        if self.status is None:
            return self.has_left
        return self.status >= 500 or (self.is_success and self.kind is not Kind.JSON)

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object; empty when the answer is none."""
        return self.json if isinstance(self.json, dict) else {}


@dataclass(slots=True)
class _Progress:
    has_left: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False


class JsonClient:
    """An ``async with`` around a few calls; bound to one event loop. Follows no redirect and keeps no cookie."""

    def __init__(self, *, timeout_seconds: float, body_limit_bytes: int = BODY_LIMIT_BYTES) -> None:
        """``timeout_seconds`` bounds each call from connecting to the last byte of the answer."""
        self._timeout_seconds = timeout_seconds
        self._body_limit = body_limit_bytes
        connect = min(timeout_seconds, _CONNECT_TIMEOUT_SECONDS)
        self._timeouts = httpx.Timeout(timeout_seconds, connect=connect).as_dict()
        # Not httpx's own client: it logs every URL, and one provider takes its secret in the query.
        self._transport = httpx.AsyncHTTPTransport(verify=tls_context(), trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One request; ``form`` or ``body`` (sent as JSON), not both."""
        progress = _Progress()
        started = time.monotonic()
        content = None if body is None else orjson.dumps(body)
        said = {**_ALWAYS, **({"content-type": "application/json"} if content else {}), **(headers or {})}
        fault, error = None, ""
        try:
            request = httpx.Request(method, url, headers=said, params=query, data=form, content=content)
            await self._exchange(request, progress)
        except (httpx.TimeoutException, TimeoutError) as raised:
            fault, error = Kind.TIMED_OUT, type(raised).__name__
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as raised:
            fault, error = Kind.INTERRUPTED if progress.has_left else Kind.UNREACHABLE, type(raised).__name__
        kind, json = (fault, None) if fault else _content(progress)
        return Answer(
            kind=kind,
            status=progress.status,
            json=json,
            headers=progress.headers,
            latency_ms=round((time.monotonic() - started) * 1_000),
            has_left=progress.has_left,
            error=error,
        )

    async def _exchange(self, request: httpx.Request, progress: _Progress) -> None:
        async def note(event: str, _info: Any) -> None:
            progress.has_left = progress.has_left or event.endswith(_REQUEST_LEFT)

        request.extensions = {"timeout": self._timeouts, "trace": note}
        async with asyncio.timeout(self._timeout_seconds):
            response = await self._transport.handle_async_request(request)
            try:
                await self._read(response, progress)
            finally:
                await response.aclose()

    async def _read(self, response: httpx.Response, progress: _Progress) -> None:
        progress.status = response.status_code
        progress.headers = dict(response.headers)
        async for chunk in response.aiter_raw():
            progress.body += chunk[: self._body_limit + 1 - len(progress.body)]
            if len(progress.body) > self._body_limit:
                return
        progress.is_whole = True


def wait_seconds(headers: Mapping[str, str], *names: str) -> int | None:
    """The longest wait the named headers ask for, in whole seconds and at most an hour; None when they say nothing.

    A header holds a count of seconds or, as ``Retry-After`` may (RFC 9110), an HTTP date.
    """
    longest = max((_seconds(headers.get(name, "")) for name in names), default=0.0)
    return min(math.ceil(longest), WAIT_MAX_SECONDS) if longest > 0 else None


# Uncompressed, so that the bound on the body is a bound on memory.
_ALWAYS = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "hub/0.1"}


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Made once: reading the certificates costs more than the call."""
    return httpx.create_ssl_context(trust_env=False)


def _content(progress: _Progress) -> tuple[Kind, Any]:
    if not progress.is_whole:
        return Kind.TOO_LARGE, None
    if not progress.body.strip():
        return Kind.EMPTY, None
    media_type = progress.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in _JSON_TYPES and not media_type.endswith("+json"):
        return Kind.NOT_JSON, None
    try:
        return Kind.JSON, orjson.loads(progress.body)
    except orjson.JSONDecodeError:
        return Kind.NOT_JSON, None


def _seconds(said: str) -> float:
    try:
        seconds = float(said)
    except ValueError:
        return _seconds_until(said)
    return seconds if math.isfinite(seconds) else 0.0


def _seconds_until(http_date: str) -> float:
    try:
        return (parsedate_to_datetime(http_date) - now()).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
