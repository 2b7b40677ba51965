"""Senders that behave as gateways and browsers do: the same bytes again, to whichever replica answers, until taken."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_ANSWER_SECONDS, _PAUSE_SECONDS, _PAUSE_MAX_SECONDS = 10.0, 0.2, 2.0
_TOO_MANY, _SERVER_ERROR = 429, 500
_HEAD_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Parcel:
    """``request`` are the bytes of one HTTP request; ``wanted`` is the status that says it was taken."""

    request: bytes
    wanted: int
    on_taken: Callable[[], None] = lambda: None


class Senders:
    """``lanes`` connections, spread over ``ports``. ``again`` counts the statuses (0: no answer) after which the
    same was sent again, ``refused`` those after which nobody tries again: a sound parcel never meets one."""

    def __init__(self, ports: list[int], lanes: int) -> None:
        self._ports, self._lanes = ports, lanes
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue()
        self.taken = 0
        self.again: Counter[int] = Counter()
        self.refused: Counter[int] = Counter()

    def send(self, parcel: Parcel) -> None:
        self._queue.put_nowait(parcel)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in range(self._lanes):
                group.create_task(self._lane(_Line(self._ports, lane)))

    async def all_sent(self) -> None:
        """Return once every parcel was taken or refused."""
        await self._queue.join()

    async def _lane(self, line: "_Line") -> None:
        try:
            while True:
                parcel = await self._queue.get()
                await self._until_taken(line, parcel)
                self._queue.task_done()
        finally:
            line.close()

    async def _until_taken(self, line: "_Line", parcel: Parcel) -> None:
        pause = _PAUSE_SECONDS
        while True:
            status = await line.ask(parcel.request)
            if status == parcel.wanted:
                self.taken += 1
                parcel.on_taken()
                return
            if status and status != _TOO_MANY and status < _SERVER_ERROR:
                self.refused[status] += 1
                return
            self.again[status] += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, _PAUSE_MAX_SECONDS)


class _Line:
    """One kept connection; after a failure the next one goes to another replica."""

    def __init__(self, ports: list[int], first: int) -> None:
        self._ports, self._at = ports, first
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> int:
        """The answer's status, or 0 when none came."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                status = await self._ask(request)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            status = 0
        if not status or status >= _SERVER_ERROR:
            self.close()
            self._at += 1
        return status

    def close(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None

    async def _ask(self, request: bytes) -> int:
        if self._open and self._open[0].at_eof():
            self.close()  # idle for longer than the server keeps it
        if self._open is None:
            port = self._ports[self._at % len(self._ports)]
            self._open = await asyncio.open_connection("127.0.0.1", port, limit=_HEAD_MAX_BYTES)
        reader, writer = self._open
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        _, found, rest = head.lower().partition(b"content-length:")
        if found:
            await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        return int(head[9:12])
