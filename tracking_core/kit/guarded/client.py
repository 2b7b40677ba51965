"""GET and POST of a URL that somebody else chose.

See ``targets`` for what a URL may be, ``backend`` for what is dialled.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore

from tracking_core.kit.guarded.backend import GuardedBackend
from tracking_core.kit.guarded.body import read_body
from tracking_core.kit.guarded.resolver import Resolver, SystemResolver
from tracking_core.kit.guarded.results import Failed, FailureKind, Fetched, Redirect, Stop
from tracking_core.kit.guarded.targets import Problem, Target, UrlRefused, next_target, target_of, trusted_origins_of

USER_AGENT = "Mozilla/5.0 (compatible; HubProbe/1.0)"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PLAIN_AND_ONCE = ((b"Accept-Encoding", b"identity"), (b"Connection", b"close"))
_HEADERS = (
    (b"User-Agent", USER_AGENT.encode()),
    (b"Accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"),
    (b"Accept-Language", b"pt-BR,pt;q=0.9,en;q=0.5"),
    *_PLAIN_AND_ONCE,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """``total_seconds`` bounds everything, redirects and names included; ``read_seconds`` each wait for bytes."""

    total_seconds: float = 12.0
    connect_seconds: float = 3.0
    read_seconds: float = 5.0
    wire_bytes: int = 2 * 1024 * 1024
    decoded_bytes: int = 2 * 1024 * 1024
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class _Asked:
    """Of every exchange the same: what a redirect asks for is asked for in the same way."""

    method: str = "GET"
    headers: tuple[tuple[bytes, bytes], ...] = _HEADERS
    content: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Trail:
    """How far a request has come."""

    started: float = field(default_factory=time.monotonic)
    target: Target | None = None
    redirects: list[Redirect] = field(default_factory=list)
    status: int | None = None

    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1_000)


class GuardedClient:
    """Keeps no connection, cookie or credential between requests, and reads no proxy from the environment.

    ``trusted_origins`` (such as ``http://127.0.0.1:8090``) are the only way past the rules on addresses, names and
    ports, for simulators and tests. ``dialer`` opens the sockets to addresses that were checked.
    """

    def __init__(
        self,
        *,
        trusted_origins: Iterable[str] = frozenset(),
        resolver: Resolver | None = None,
        dialer: httpcore.AsyncNetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._trusted = trusted_origins_of(trusted_origins)
        self._resolver = resolver or SystemResolver()
        self._dialer = dialer or httpcore.AnyIOBackend()
        self._ssl_context = ssl_context or httpcore.default_ssl_context()
        self._limits = limits or Limits()

    async def get(self, url: str) -> Fetched | Failed:
        """The answer after its redirects, or why there is none. Never raises for what the other side does."""
        return await self._within_limits(lambda trail: self._follow(url, trail))

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Fetched | Failed:
        """The answer, or why there is none. A redirect is an answer: what was sent is for one address only."""
        said = {"User-Agent": USER_AGENT, **headers, "Content-Length": str(len(content))}
        encoded = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in said.items())
        return await self._within_limits(
            lambda trail: self._once(url, trail, _Asked("POST", (*encoded, *_PLAIN_AND_ONCE), content))
        )

    async def _within_limits(self, ask: Callable[[_Trail], Awaitable[Fetched]]) -> Fetched | Failed:
        trail = _Trail()
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await ask(trail)
        except UrlRefused as error:
            kind = _refusal(error, trail)
        except Stop as error:
            kind = error.kind
        except (httpcore.TimeoutException, TimeoutError):
            kind = FailureKind.TIMED_OUT
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ConnectionNotAvailable, OSError) as error:
            kind = _fault(error)
        return Failed(
            kind=kind,
            target=trail.target,
            redirects=tuple(trail.redirects),
            # What was denied looks like what nobody answered.
            status=None if kind is FailureKind.DENIED else trail.status,
            elapsed_ms=trail.elapsed_ms(),
        )

    async def _once(self, url: str, trail: _Trail, asked: _Asked) -> Fetched:
        trail.target = target = target_of(url, self._trusted)
        async with self._stream(target, asked) as response:
            trail.status = response.status
            return await self._read(response, _headers(response), target, trail, time.monotonic())

    async def _follow(self, url: str, trail: _Trail) -> Fetched:
        target = target_of(url, self._trusted)
        seen: set[str] = set()
        while True:
            seen.add(target.url)
            trail.target, trail.status = target, None
            answer = await self._exchange(target, trail)
            if isinstance(answer, Fetched):
                return answer
            redirect = self._redirect(target, answer, trail)
            trail.redirects.append(redirect)
            target = redirect.destination
            if target.url in seen:
                raise Stop(FailureKind.REDIRECT_LOOP)
            if len(trail.redirects) > self._limits.redirects:
                raise Stop(FailureKind.TOO_MANY_REDIRECTS)

    def _redirect(self, source: Target, location: str, trail: _Trail) -> Redirect:
        assert trail.status is not None
        return Redirect(trail.status, source, next_target(source, location, self._trusted))

    async def _exchange(self, target: Target, trail: _Trail) -> Fetched | str:
        """The answer, or the ``Location`` it sends us to."""
        started = time.monotonic()
        async with self._stream(target, _Asked()) as response:
            trail.status = response.status
            headers = _headers(response)
            if response.status in _REDIRECTS and headers.get("location"):
                return headers["location"]
            return await self._read(response, headers, target, trail, started)

    async def _read(
        self, response: httpcore.Response, headers: dict[str, str], target: Target, trail: _Trail, started: float
    ) -> Fetched:
        body = await read_body(
            response.aiter_stream(),
            headers.get("content-encoding", ""),
            wire_bytes=self._limits.wire_bytes,
            decoded_bytes=self._limits.decoded_bytes,
            length=_length(headers.get("content-length", "")),
        )
        return Fetched(
            target=target,
            redirects=tuple(trail.redirects),
            status=response.status,
            headers=headers,
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            body=body,
            response_ms=round((time.monotonic() - started) * 1_000),
            elapsed_ms=trail.elapsed_ms(),
        )

    @asynccontextmanager
    async def _stream(self, target: Target, asked: _Asked) -> AsyncIterator[httpcore.Response]:
        """One request on a connection of its own, so that nothing dialled for another target is used again."""
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.request_target
        )
        headers = [(b"Host", target.host_header), *asked.headers]
        read = self._limits.read_seconds
        timeouts = {"connect": self._limits.connect_seconds, "read": read, "write": read, "pool": read}
        backend = GuardedBackend(target, self._resolver, self._dialer)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._ssl_context, max_connections=1, max_keepalive_connections=0, network_backend=backend
        )
        asking = pool.stream(
            asked.method, url, headers=headers, content=asked.content, extensions={"timeout": timeouts}
        )
        async with pool, asking as response:
            yield response


def _headers(response: httpcore.Response) -> dict[str, str]:
    """The first of each name; text that is not ASCII is taken as UTF-8, which is what servers mean."""
    named: dict[str, str] = {}
    for name, value in response.headers:
        named.setdefault(name.decode("latin-1").lower(), value.decode("utf-8", errors="replace"))
    return named


def _length(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _refusal(error: UrlRefused, trail: _Trail) -> FailureKind:
    if error.problem is Problem.DENIED:
        return FailureKind.DENIED
    return FailureKind.MALFORMED if trail.target is None else FailureKind.BAD_REDIRECT


def _fault(error: Exception) -> FailureKind:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return FailureKind.TLS_INVALID
        cause = cause.__cause__ or cause.__context__
    return FailureKind.UNREADABLE if isinstance(error, httpcore.ProtocolError) else FailureKind.UNREACHABLE
