"""The application: the events endpoint as strict as Meta's, and ``/_control`` for tests."""

import asyncio
import hmac
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.meta.parse import Incoming, proof_of, read
from evals.simulators.meta.state import FAULT_KINDS, Fault, State
from evals.simulators.meta.validate import refusal_of

_EVENTS_MAX = 1_000
_HANG_SECONDS = 30.0
_USAGE = '{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":1}]}'


def create_app(state: State | None = None) -> Starlette:
    kept = state or State()
    routes = [
        Route("/_control/datasets", _bound(kept, _register), methods=["POST"]),
        Route("/_control/faults", _bound(kept, _add_fault), methods=["POST"]),
        Route("/_control/faults", _bound(kept, _clear_faults), methods=["DELETE"]),
        Route("/_control/events", _bound(kept, _list_events), methods=["GET"]),
        Route("/_control/events", _bound(kept, _clear_events), methods=["DELETE"]),
        Route("/_control/stats", _bound(kept, _stats), methods=["GET"]),
        Route("/healthz", _healthz),
        Route("/{version}/{dataset_id}/events", _bound(kept, _events), methods=["POST"]),
        Route("/{version}/{dataset_id}", _bound(kept, _dataset), methods=["GET"]),
    ]
    return Starlette(routes=routes)


def _bound(state: State, handler: Callable[[State, Request], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        answer: Response = await handler(state, request)
        return answer

    return endpoint


async def _events(state: State, request: Request) -> Response:
    dataset_id = request.path_params["dataset_id"]
    state.of(dataset_id).requests += 1
    incoming = await read(request)
    if incoming is None:
        return _refused(state, request, (100, None, "The body cannot be read"))
    events = incoming.data if isinstance(incoming.data, list) else []
    ids = {str(event.get("event_id")) for event in events if isinstance(event, dict)}
    fault = state.next_fault(dataset_id, ids)
    if fault and (answer := await _played_before(state, request, fault)):
        return answer
    if refusal := _credentials(state, dataset_id, incoming) or _shape(incoming.data):
        return _refused(state, request, refusal)
    now = time.time()
    for event in events:
        if refusal := refusal_of(event, now):
            return _refused(state, request, refusal)
    state.take(dataset_id, events, _shown(request))
    if fault and (answer := await _played_after(request, fault)):
        return answer
    return _answer(request, 200, {"events_received": len(events), "messages": [], "fbtrace_id": _trace()})


def _credentials(state: State, dataset_id: str, incoming: Incoming) -> tuple[int, int | None, str] | None:
    known = state.registered.get(dataset_id)
    if known is None and any(incoming.token == other["access_token"] for other in state.registered.values()):
        return 100, 33, "Unsupported post request. Object does not exist or cannot be loaded"
    is_good = incoming.token == known["access_token"] if known else incoming.token.startswith("EAA")
    if not is_good:
        return 190, None, "Invalid OAuth access token - Cannot parse access token"
    if known and known.get("app_secret"):
        expected = proof_of(incoming.token, known["app_secret"])
        if not hmac.compare_digest(expected, incoming.proof or ""):
            return 100, None, "Invalid appsecret_proof provided in the API argument"
    return None


def _shape(data: Any) -> tuple[int, int | None, str] | None:
    if not isinstance(data, list):
        return 100, None, "Param data must be an array"
    if not 1 <= len(data) <= _EVENTS_MAX:
        return 100, None, f"Param data must have between 1 and {_EVENTS_MAX} events"
    return None


async def _played_before(state: State, request: Request, fault: Fault) -> Response | None:
    """Faults that answer without taking anything."""
    params = fault.params
    match fault.kind:
        case "http_500" | "dead":
            return Response("Internal Server Error", 500)
        case "graph_500":
            return _error(request, 500, params.get("code", 2), None, "Service temporarily unavailable", transient=True)
        case "http_429":
            limited = _error(request, 429, 4, None, "Application request limit reached")
            limited.headers["Retry-After"] = str(params.get("retry_after", 1))
            return limited
        case "graph_throttle":
            throttled = _error(request, 400, params.get("code", 80004), None, "Too many calls to this account")
            throttled.headers["X-Business-Use-Case-Usage"] = _USAGE
            return throttled
        case "html":
            return Response("<html><body>Bad Gateway</body></html>", 502, media_type="text/html")
        case "code_190":
            return _error(request, 401, 190, params.get("subcode"), "Error validating access token")
        case "code_100_33":
            return _error(request, 400, 100, 33, "Unsupported post request")
        case "poison":
            return _refused(state, request, (100, params.get("subcode", 2804050), "Too little customer information"))
        case "timeout_before":
            await asyncio.sleep(params.get("seconds", _HANG_SECONDS))
            return Response("", 504)
        case "slow":
            await asyncio.sleep(params.get("delay_ms", 100) / 1_000)
    return None


async def _played_after(request: Request, fault: Fault) -> Response | None:
    """Faults that take the events and then spoil the answer."""
    match fault.kind:
        case "timeout_after_accept":
            await asyncio.sleep(fault.params.get("seconds", _HANG_SECONDS))
        case "disconnect_after_accept":
            return _Disconnect()
        case "zero_received":
            return _answer(request, 200, {"events_received": 0, "fbtrace_id": _trace()})
        case "empty_200":
            return Response("", 200)
    return None


class _Disconnect(Response):
    """Promises a body and ends without it, so that the server drops the connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise asyncio.CancelledError


def _refused(state: State, request: Request, refusal: tuple[int, int | None, str]) -> Response:
    state.of(request.path_params["dataset_id"]).refused += 1
    code, subcode, message = refusal
    return _error(request, 401 if code == 190 else 400, code, subcode, message)


def _error(
    request: Request, status: int, code: int, subcode: int | None, message: str, *, transient: bool = False
) -> Response:
    error: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": _trace(),
        "error_user_title": "Evento recusado",
        "error_user_msg": message,
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return _answer(request, status, {"error": {**error, "is_transient": transient}})


def _answer(request: Request, status: int, body: dict[str, Any]) -> Response:
    headers = {"facebook-api-version": request.path_params["version"], "x-fb-trace-id": _trace()}
    return Response(orjson.dumps(body), status, headers, "application/json")


def _trace() -> str:
    return "A" + uuid.uuid4().hex[:22]


def _shown(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name != "authorization"}


async def _dataset(state: State, request: Request) -> Response:
    dataset_id = request.path_params["dataset_id"]
    query, bearer = request.query_params, request.headers.get("authorization", "").removeprefix("Bearer ")
    asked = Incoming([], bearer or query.get("access_token", ""), query.get("appsecret_proof"))
    if refusal := _credentials(state, dataset_id, asked):
        return _refused(state, request, refusal)
    return _answer(request, 200, {"id": dataset_id, "name": f"Dataset {dataset_id}"})


async def _healthz(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


async def _register(state: State, request: Request) -> Response:
    wanted = orjson.loads(await request.body())
    state.registered[wanted["dataset_id"]] = wanted
    return Response(None, 204)


async def _add_fault(state: State, request: Request) -> Response:
    fault = Fault(**orjson.loads(await request.body()))
    if fault.kind not in FAULT_KINDS:
        return Response(f"unknown kind; one of {sorted(FAULT_KINDS)}", 400)
    state.faults.append(fault)
    return Response(None, 204)


async def _clear_faults(state: State, request: Request) -> Response:
    dataset_id = request.query_params.get("dataset_id")
    state.faults = [fault for fault in state.faults if dataset_id and fault.dataset_id != dataset_id]
    return Response(None, 204)


async def _list_events(state: State, request: Request) -> Response:
    query = request.query_params
    found = [
        one
        for one in state.events
        if query.get("dataset_id") in (None, one["dataset_id"])
        and query.get("event_id") in (None, one["event"].get("event_id"))
    ]
    return Response(orjson.dumps({"events": found[-int(query.get("limit", 100)) :]}), media_type="application/json")


async def _clear_events(state: State, _request: Request) -> Response:
    state.clear()
    return Response(None, 204)


async def _stats(state: State, request: Request) -> Response:
    said: dict[str, Any] = {"datasets": {name: vars(counts) for name, counts in state.counts.items()}}
    if "event_ids" in request.query_params:
        said["received"] = state.received
        said["first_seen"] = {event_id: at for (_dataset, _name, event_id), at in state.first_seen.items()}
    return Response(orjson.dumps(said), media_type="application/json")
