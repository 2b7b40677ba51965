"""Play a fault around a vendor's answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from evals.simulators.meta.transport import pause
from evals.simulators.providers.state import Fault, FaultKind, State

Answer = Callable[[State, Request], Awaitable[Response]]
Refusal = Callable[[int], Response]
_PAGE = b"<!doctype html><html><title>Developers</title><body>Documentation</body></html>"


class Dropped(Exception):
    """The connection ends without an answer. ``is_reset``: with a TCP reset, not with an end of stream."""

    def __init__(self, *, is_reset: bool = False) -> None:
        super().__init__()
        self.is_reset = is_reset


def json_response(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def page(status: int = 200) -> Response:
    return Response(_PAGE, status, media_type="text/html; charset=utf-8")


async def played(
    fault: Fault, answer: Answer, state: State, request: Request, gone: Receive, refusal: Refusal
) -> Response:
    """The answer as the fault leaves it; ``gone`` tells when the client leaves. Raises Dropped."""
    match fault.kind:
        case FaultKind.STATUS:
            return refusal(fault.status)
        case FaultKind.THROTTLED:
            return refusal(429)
        case FaultKind.DROP_AFTER:
            await answer(state, request)
            raise Dropped
        case FaultKind.HANG:
            await pause(gone, fault.seconds)
            raise Dropped
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return await answer(state, request)
        case FaultKind.DROP_BEFORE | FaultKind.RESET:
            raise Dropped(is_reset=fault.kind is FaultKind.RESET)
    return _unreadable(fault.kind)


def _unreadable(kind: FaultKind) -> Response:
    """A success in which nobody finds what was asked for."""
    if kind is FaultKind.HTML:
        return page()
    return Response(b'{"access_token": ' if kind is FaultKind.GARBAGE else b"", media_type="application/json")
