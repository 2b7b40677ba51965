"""What every call of a vendor's API passes: it is counted, limited, and spoiled by a fault if one was ordered."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from evals.simulators.meta.transport import body_of, cut
from evals.simulators.providers.faults import Answer, Dropped, Refusal, played
from evals.simulators.providers.state import Fault, State, Use, Vendor

# Neither vendor says how much it reads; no call of theirs needs more.
_BODY_MAX_BYTES = 262_144
UNKNOWN_PATH = "/{path:path}"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a vendor refuses, and what its headers tell of the limit. ``throttled_seconds``: the wait that a fault asks
    for when it pretends that there were too many calls."""

    vendor: Vendor
    refusal: Refusal
    limit_headers: Callable[[int, Use], dict[str, str]]
    throttled_seconds: int


class Guarded:
    """One route of a vendor; ``route`` is its template, which is all that is remembered of a call's path."""

    def __init__(self, manner: Manner, state: State, route: str, answer: Answer) -> None:
        self._manner, self._state, self._route, self._answer = manner, state, route, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._state.note(self._manner.vendor, scope["method"], self._route)
        body = await body_of(receive, _BODY_MAX_BYTES)
        try:
            response = await self._responded(scope, receive, body)
        except Dropped as dropped:
            await cut(scope, receive, is_reset=dropped.is_reset)
        else:
            await response(scope, receive, send)

    async def _responded(self, scope: Scope, receive: Receive, body: bytes | None) -> Response:
        manner, used = self._manner, self._state.use(self._manner.vendor)
        fault = self._fault(scope) if used.left >= 0 else None
        response = await self._answered(scope, receive, body, fault) if used.left >= 0 else manner.refusal(429)
        if fault and response.status_code == 429:
            wait = manner.throttled_seconds if fault.wait_seconds is None else fault.wait_seconds
            used = Use(used.limit, 0, wait)
        response.headers.update(manner.limit_headers(response.status_code, used))
        return response

    def _fault(self, scope: Scope) -> Fault | None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return self._state.fault(self._manner.vendor, scope["method"], path)

    async def _answered(self, scope: Scope, receive: Receive, body: bytes | None, fault: Fault | None) -> Response:
        refusal, request = self._manner.refusal, Request(scope, _replaying(body or b""))
        if fault:
            return await played(fault, self._answer, self._state, request, receive, refusal)
        return refusal(413) if body is None else await self._answer(self._state, request)


def guarded(manner: Manner, state: State) -> Callable[[str, Answer, str], Route]:
    """Makes routes of a vendor. An empty method is any."""

    def route(path: str, answer: Answer, method: str = "GET") -> Route:
        return Route(path, Guarded(manner, state, path, answer), methods=[method] if method else None)

    return route


def _replaying(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
