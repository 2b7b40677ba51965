"""(g) Five hundred people who watch their setup at one API process: what it keeps for them, and how soon they see."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import uvloop

from evals.bench.load import percentile
from evals.bench.memory import resident_mb
from evals.bench.report import Figure
from evals.bench.shop import Shop
from evals.stack import Stack
from tracking_core.db.engine import dispose, transaction
from tracking_core.models import SetupSession
from tracking_core.streams.append import EventType, append
from tracking_core.tenants import service as tenants

_TENANTS, _STREAMS_EACH = 10, 50
_STREAMS = _TENANTS * _STREAMS_EACH
_PER_SECOND = 2.0
_MEMORY_MB, _P95_MS = 300.0, 500.0
_WAIT_SECONDS = 30.0
_ID = b"\r\nid: "


def measure(stack: Stack, shop: Shop, seconds: float) -> list[Figure]:
    """500 open streams of ten sellers, and events that all of them see."""
    stack.start(stack.api)
    before = resident_mb(stack.api.pid)
    with stack.as_this_process():
        run = uvloop.run(_run(stack, seconds))
    [(connections,)] = stack.rows("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hub streams'")
    return [
        Figure("g", "API resident memory before the first stream", before, "MB"),
        Figure("g", f"API resident memory with {_STREAMS} streams", run.resident_mb, "MB", _MEMORY_MB),
        Figure("g", "deliveries", len(run.delays), ""),
        Figure("g", "events missed, repeated or out of order", run.wrong, "", 0),
        Figure("g", "from commit to a stream, p50", percentile(run.delays, 50), "ms"),
        Figure("g", "from commit to a stream, p95", percentile(run.delays, 95), "ms", _P95_MS),
        Figure("g", f"from commit to the last of {_STREAMS}, p95", percentile(run.slowest, 95), "ms", _P95_MS),
        Figure("g", "listening connections", connections, "", 1),
    ]


@dataclass(slots=True)
class _Run:
    """Delays in milliseconds: of every delivery, and of the last delivery of each event."""

    delays: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    wrong: int = 0
    resident_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class _Seller:
    secret_key: str
    session_id: UUID


class _Viewer(asyncio.Protocol):
    """One stream: when each number arrived."""

    def __init__(self, seller: _Seller) -> None:
        self._seller = seller
        self._rest = b""
        self.numbers: list[int] = []
        self.times: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's own class, not a subclass
        path = f"/api/v1/setup/sessions/{self._seller.session_id}/events"
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {self._seller.secret_key}"]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        *whole, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for block in whole:
            _, found, number = (b"\r\n" + block).rpartition(_ID)
            if found:
                self.numbers.append(int(number.split(b"\r\n")[0]))
                self.times.append(now)


async def _run(stack: Stack, seconds: float) -> _Run:
    sellers = [await _new_seller(number) for number in range(_TENANTS)]
    viewers = [await _opened(stack.port, seller) for seller in sellers for _ in range(_STREAMS_EACH)]
    await _until(lambda: all(viewer.numbers for viewer in viewers))
    committed = [await _tell(sellers) for _ in range(int(seconds * _PER_SECOND))]
    await _until(lambda: all(len(viewer.numbers) > len(committed) for viewer in viewers))
    run = _Run(resident_mb=resident_mb(stack.api.pid))
    _count(run, viewers, committed)
    for viewer in viewers:
        viewer.transport.close()
    await dispose()
    return run


def _count(run: _Run, viewers: list[_Viewer], committed: list[float]) -> None:
    """A stream hears the snapshot, numbered 0, and then each event once and in order."""
    for viewer in viewers:
        run.wrong += viewer.numbers != list(range(len(committed) + 1))
    for number, at in enumerate(committed, 1):
        delays = [(viewer.times[number] - at) * 1_000 for viewer in viewers if number < len(viewer.times)]
        run.delays += delays
        run.slowest.append(max(delays, default=_WAIT_SECONDS * 1_000))


async def _tell(sellers: list[_Seller]) -> float:
    """One event in every session, in one transaction; the moment at which its commit was asked for."""
    await asyncio.sleep(1 / _PER_SECOND)
    async with transaction() as session:
        for seller in sellers:
            data = {"stage": "gateway", "status": "in_progress", "label": "Conferindo as credenciais da Hotmart"}
            await append(session, seller.session_id, EventType.STEP_STATUS, data)
        return time.perf_counter()


async def _new_seller(number: int) -> _Seller:
    async with transaction() as session:
        made = await tenants.create(session, f"Seller {number}", actor="bench")
        owner = SetupSession(tenant_id=made.tenant_id, created_by="bench")
        session.add(owner)
    return _Seller(made.secret_key, owner.id)


async def _opened(port: int, seller: _Seller) -> _Viewer:
    loop = asyncio.get_running_loop()
    _, viewer = await loop.create_connection(lambda: _Viewer(seller), "127.0.0.1", port)
    return viewer


async def _until(is_true: Callable[[], bool]) -> None:
    """Or until the wait is over: what is missing then is counted."""
    end = time.perf_counter() + _WAIT_SECONDS
    while not is_true() and time.perf_counter() < end:  # noqa: ASYNC110 - a few times a run
        await asyncio.sleep(0.05)
