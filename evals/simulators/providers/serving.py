"""What every call of a vendor's API passes: it is counted, limited, and spoiled by a fault if one was ordered."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evals.simulators.providers.faults import Answer, Dropped, Refusal, played
from evals.simulators.providers.state import State


class Guarded:
    """One route of a vendor."""

    def __init__(self, vendor: str, state: State, answer: Answer, refusal: Refusal) -> None:
        self._vendor, self._state, self._answer, self._refusal = vendor, state, answer, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        self._state.note(self._vendor, request.method, path)
        try:
            response = await self._responded(request, path)
        except Dropped:
            return  # the server closes a connection that got no answer
        await response(scope, receive, send)

    async def _responded(self, request: Request, path: str) -> Response:
        if self._state.is_over_the_limit(self._vendor):
            return self._refusal(429)
        if fault := self._state.fault(self._vendor, request.method, path):
            return await played(fault, self._answer, self._state, request, self._refusal)
        return await self._answer(self._state, request)
