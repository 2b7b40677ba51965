"""Whoever alerts are sent to, on the loopback: keeps what arrived and answers as the test says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

HUGE_BYTES = 4_000_000


@dataclass
class Arrived:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """``answers`` (status, headers) are used one for each request to ``/hook/…``, then 200 as Slack answers."""

    origin: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    lost: int = 0

    def url(self, place: str = "hook/T0000/planted-path-of-the-hook") -> str:
        return f"{self.origin}/{place}"

    def reset(self) -> None:
        self.answers, self.arrived, self.lost = [], [], 0

    def app(self) -> Starlette:
        routes = (("/hook/{rest:path}", self._take), ("/huge", self._huge), ("/hang", self._hang))
        made = [Route(path, endpoint, methods=["POST"]) for path, endpoint in routes]
        return Starlette(routes=[*made, Route("/elsewhere", self._lost, methods=["GET", "POST"])])

    async def _take(self, request: Request) -> Response:
        self.arrived.append(Arrived(dict(request.headers), await request.body()))
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return Response("ok", status, headers=headers)

    async def _huge(self, request: Request) -> Response:
        await request.body()

        async def body() -> AsyncIterator[bytes]:
            for _ in range(HUGE_BYTES // 1_000):
                yield b"x" * 1_000

        return StreamingResponse(body())

    async def _hang(self, request: Request) -> Response:
        await asyncio.sleep(2)
        return Response("ok")

    async def _lost(self, _request: Request) -> Response:
        self.lost += 1
        return Response(None, 204)
