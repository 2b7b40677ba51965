"""A client of the event stream: what a browser's EventSource hears."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import orjson

from tests.streams.conftest import Shop

SECONDS = 15.0


@dataclass(frozen=True)
class Message:
    id: str | None
    event: str | None
    data: Any
    retry: int | None = None


@dataclass
class Watcher:
    """``heard`` holds what had an event type, in order; ``retries`` the hints; ``comments`` the pings."""

    response: httpx.Response
    heard: list[Message] = field(default_factory=list)
    retries: list[int] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return [int(message.id or -1) for message in self.heard]

    async def read(self, until: Callable[[], bool] = lambda: False) -> list[Message]:
        """Up to the moment it is true, which closes the stream, or to the stream's end."""
        async with asyncio.timeout(SECONDS):
            await self._read(until)
        return self.heard

    async def _read(self, until: Callable[[], bool]) -> None:
        fields: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif line:
                self.comments.append(value)
            else:
                self._dispatch(fields)
                fields = {}
            if until():
                return

    def _dispatch(self, fields: dict[str, str]) -> None:
        if "retry" in fields:
            self.retries.append(int(fields["retry"]))
        if "event" in fields:
            self.heard.append(Message(fields.get("id"), fields["event"], orjson.loads(fields["data"])))

    async def read_to(self, number: int) -> list[Message]:
        return await self.read(lambda: bool(self.heard) and self.ids[-1] >= number)


@asynccontextmanager
async def watching(
    url: str, shop: Shop, session_id: UUID | None = None, *, after: int | str | None = None
) -> AsyncIterator[Watcher]:
    headers = shop.bearer if after is None else {**shop.bearer, "Last-Event-ID": str(after)}
    async with (
        httpx.AsyncClient(trust_env=False, verify=False, timeout=SECONDS) as client,
        client.stream("GET", events_url(url, session_id or shop.session_id), headers=headers) as response,
    ):
        yield Watcher(response)


def events_url(url: str, session_id: UUID) -> str:
    return f"{url}/api/v1/setup/sessions/{session_id}/events"
