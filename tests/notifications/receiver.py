"""The operator's side of the signed webhook: keeps what it received, answers as the test says."""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Delivered:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answers`` are used one for each request, then 204."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    elsewhere: int = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/hook", self._take, methods=["POST"]),
                Route("/elsewhere", self._lost, methods=["GET", "POST"]),
            ]
        )

    def answers_with(self, status: int, **headers: str) -> None:
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}))

    async def _take(self, request: Request) -> Response:
        self.delivered.append(Delivered(dict(request.headers), await request.body()))
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        return Response(None, status, headers=headers)

    async def _lost(self, _request: Request) -> Response:
        self.elsewhere += 1
        return Response(None, 204)
