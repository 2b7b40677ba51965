"""Play a fault around a vendor's answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from evals.simulators.providers.state import Fault, FaultKind, State

Answer = Callable[[State, Request], Awaitable[Response]]
Refusal = Callable[[int], Response]
_PAGE = b"<!doctype html><html><title>Developers</title><body>Documentation</body></html>"


class Dropped(Exception):
    """The connection is to be closed without an answer."""


def json_response(status: int, body: Any, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(orjson.dumps(body), status, named, "application/json")


def page(status: int = 200) -> Response:
    return Response(_PAGE, status, media_type="text/html; charset=utf-8")


async def played(fault: Fault, answer: Answer, state: State, request: Request, refusal: Refusal) -> Response:
    """The answer as the fault leaves it. Raises Dropped."""
    match fault.kind:
        case FaultKind.STATUS:
            return refusal(fault.status)
        case FaultKind.THROTTLED:
            return refusal(429)
        case FaultKind.HTML:
            return page()
        case FaultKind.GARBAGE:
            return Response(b'{"access_token": ', media_type="application/json")
        case FaultKind.EMPTY:
            return Response(b"", media_type="application/json")
        case FaultKind.DROP_BEFORE:
            raise Dropped
        case FaultKind.DROP_AFTER:
            await answer(state, request)
            raise Dropped
        case FaultKind.HANG | FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return await answer(state, request)
