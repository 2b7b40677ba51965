"""The application: ``POST /v1/chat/completions``, and ``/_control`` for a process of its own."""

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from evals.simulators.llm.playing import play
from evals.simulators.llm.state import Control, FaultKind, State
from evals.simulators.meta.transport import body_of

_BODY_MAX_BYTES = 4_000_000


def create_app(state: State | None = None) -> Starlette:
    kept = state or State()
    controls = _Controls(kept)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", _Completions(kept), methods=["POST"]),
            Route("/_control", controls.change, methods=["PUT"]),
            Route("/_control/bodies", controls.bodies, methods=["GET"]),
            Route("/healthz", _healthz),
        ]
    )


class _Completions:
    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await body_of(receive, _BODY_MAX_BYTES)
        if body is None:
            await Response(None, 400)(scope, receive, send)
            return
        self._state.bodies.append(body.decode(errors="replace"))
        self._state.authorizations.append(Request(scope).headers.get("authorization", ""))
        self._state.asked.set()
        asked = orjson.loads(body)
        ask = bool(asked.get("stream")), bool((asked.get("stream_options") or {}).get("include_usage"))
        fault = self._state.fault()
        # What spoils an answer does not use up what is to be said when it is over.
        is_said = fault is None or fault.kind is FaultKind.SLOW
        answer = self._state.answer() if is_said else self._state.usual
        await play(fault, answer, ask, scope, receive, send)


class _Controls:
    def __init__(self, state: State) -> None:
        self._state = state

    async def change(self, request: Request) -> Response:
        """422 says what is wrong and repeats nothing."""
        try:
            asked = Control.model_validate_json(await request.body())
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise HTTPException(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
        self._state.reset()
        self._state.answers.extend(asked.answers)
        self._state.usual = asked.usual or self._state.usual
        self._state.order(*asked.faults)
        return Response(None, 204)

    async def bodies(self, _request: Request) -> Response:
        return JSONResponse(list(self._state.bodies))


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})
