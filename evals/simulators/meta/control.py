"""``/_control``: order faults, register datasets, read back what was taken. For tests; Meta has nothing like it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.meta.faults import Fault
from evals.simulators.meta.state import Dataset, State

_READ_BACK = 100
_NOTHING = 204

Handler = Callable[[State, Request], Awaitable[Response]]
_Asked = TypeVar("_Asked", bound=BaseModel)


def control_routes(state: State) -> list[Route]:
    """A malformed request answers 422 with a sentence that says what is wrong and repeats nothing."""
    handlers: list[tuple[str, str, Handler]] = [
        ("POST", "datasets", _register),
        ("POST", "faults", _add_fault),
        ("DELETE", "faults", _clear_faults),
        ("GET", "events", _list_events),
        ("DELETE", "events", _clear_events),
        ("GET", "stats", _stats),
        ("POST", "reset", _reset),
    ]
    return [Route(f"/_control/{name}", bound(state, handler), methods=[method]) for method, name, handler in handlers]


def bound(state: State, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await handler(state, request)

    return endpoint


async def _asked(request: Request, model: type[_Asked]) -> _Asked:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "request"
        raise HTTPException(422, f"{where}: {first['msg']}.") from None


async def _register(state: State, request: Request) -> Response:
    wanted = await _asked(request, Dataset)
    state.registered[wanted.dataset_id] = wanted
    return Response(None, _NOTHING)


async def _add_fault(state: State, request: Request) -> Response:
    state.faults.add(await _asked(request, Fault))
    return Response(None, _NOTHING)


async def _clear_faults(state: State, request: Request) -> Response:
    state.faults.clear(request.query_params.get("dataset_id"))
    return Response(None, _NOTHING)


async def _list_events(state: State, request: Request) -> Response:
    query, limit = request.query_params, _limit(request)
    found = [
        one
        for one in state.events
        if query.get("dataset_id") in (None, one["dataset_id"])
        and query.get("event_id") in (None, one["event"].get("event_id"))
    ]
    return _json({"events": found[len(found) - min(limit, len(found)) :]})


def _limit(request: Request) -> int:
    asked = request.query_params.get("limit", str(_READ_BACK))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise HTTPException(422, "limit: must be a whole number.")
    return int(asked)


async def _clear_events(state: State, _request: Request) -> Response:
    state.clear()
    return Response(None, _NOTHING)


async def _reset(state: State, _request: Request) -> Response:
    state.reset()
    return Response(None, _NOTHING)


async def _stats(state: State, request: Request) -> Response:
    datasets = {name: vars(counts) for name, counts in state.counts.items()}
    said: dict[str, Any] = {"datasets": datasets, "calls": {call.value: times for call, times in state.calls.items()}}
    if "event_ids" in request.query_params:
        said["received"] = dict(state.received)
        said["first_seen"] = {event_id: at for (_dataset, _name, event_id), at in state.first_seen.items()}
    return _json(said)


def _json(said: dict[str, Any]) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
