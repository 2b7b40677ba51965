"""An HTTP/1.1 load generator of one process: as little work a request as possible, so that the server is the limit.

Closed loop: every connection sends its next request when the last was answered. Open loop: requests leave at a fixed
rate whatever the server does, and a latency counts from the moment the request was due (no coordinated omission).
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
Requests = Callable[[], bytes]


@dataclass(slots=True)
class Outcome:
    """What a run came to. Latencies are milliseconds, of every request that was answered; ``started_at`` is the Unix
    time at which the first request was due."""

    started_at: float = 0.0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    unanswered: int = 0

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        return percentile(self.latencies, percent)


def percentile(values: list[float], percent: float) -> float:
    """By nearest rank; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of one request on a connection that is kept."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _HEAD_END + body


class _Connection(asyncio.Protocol):
    """One request at a time; ``on_answer`` gets the status."""

    def __init__(
        self, on_answer: Callable[["_Connection", int], None], on_lost: Callable[["_Connection"], None]
    ) -> None:
        self._on_answer, self._on_lost = on_answer, on_lost
        self._buffer = b""
        self.transport: asyncio.Transport | None = None
        self.due_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class, not a subclass

    def send(self, request: bytes, due_at: float) -> None:
        assert self.transport is not None
        self.due_at = due_at
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(_HEAD_END)
        if head < 0:
            return
        at = self._buffer.lower().find(_LENGTH, 0, head)
        length = int(self._buffer[at + len(_LENGTH) : self._buffer.find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._buffer) < head + len(_HEAD_END) + length:
            return
        status = int(self._buffer[9:12])
        self._buffer = b""
        self._on_answer(self, status)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost(self)


async def closed_loop(port: int, request: Requests, *, connections: int, seconds: float) -> Outcome:
    """As fast as the server answers."""
    outcome, loop = Outcome(), asyncio.get_running_loop()
    started = time.perf_counter()
    end = started + seconds
    open_now = connections
    finished = asyncio.Event()

    def closed() -> None:
        nonlocal open_now
        open_now -= 1
        if not open_now:
            finished.set()

    def answered(connection: _Connection, status: int) -> None:
        now = time.perf_counter()
        outcome.statuses[status] += 1
        outcome.latencies.append((now - connection.due_at) * 1_000)
        if now < end:
            connection.send(request(), now)
        elif connection.transport:
            connection.transport.close()

    for _ in range(connections):
        _, connection = await loop.create_connection(
            lambda: _Connection(answered, lambda _: closed()), "127.0.0.1", port
        )
        connection.send(request(), time.perf_counter())
    async with asyncio.timeout(seconds + 30):
        await finished.wait()
    outcome.seconds = time.perf_counter() - started
    return outcome


async def open_loop(port: int, request: Requests, *, per_second: float, seconds: float, connections: int) -> Outcome:
    """At a steady rate. A request that finds no idle connection waits for one, and its wait counts."""
    load = _OpenLoop(request)
    await load.connect(port, connections)
    load.outcome.started_at, started = time.time(), time.perf_counter()
    total, sent = int(per_second * seconds), 0
    while sent < total:
        due = started + sent / per_second
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        load.due(due)
        sent += 1
    await load.rest(30.0)
    load.outcome.seconds = time.perf_counter() - started
    load.outcome.unanswered = total - sum(load.outcome.statuses.values())
    return load.outcome


class _OpenLoop:
    def __init__(self, request: Requests) -> None:
        self._request = request
        self._idle: deque[_Connection] = deque()
        self._waiting: deque[float] = deque()
        self._busy = 0
        self.outcome = Outcome()

    async def connect(self, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, one = await loop.create_connection(lambda: _Connection(self._answered, self._lost), "127.0.0.1", port)
            self._idle.append(one)

    def due(self, at: float) -> None:
        if self._idle:
            self._busy += 1
            self._idle.popleft().send(self._request(), at)
        else:
            self._waiting.append(at)

    async def rest(self, seconds: float) -> None:
        """Until everything was answered, or the time is over; then close."""
        end = time.perf_counter() + seconds
        while (self._busy or self._waiting) and time.perf_counter() < end:  # noqa: ASYNC110 - twice a run
            await asyncio.sleep(0.01)
        for one in self._idle:
            if one.transport:
                one.transport.close()

    def _answered(self, connection: _Connection, status: int) -> None:
        self.outcome.statuses[status] += 1
        self.outcome.latencies.append((time.perf_counter() - connection.due_at) * 1_000)
        if self._waiting:
            connection.send(self._request(), self._waiting.popleft())
        else:
            self._busy -= 1
            self._idle.append(connection)

    def _lost(self, connection: _Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
