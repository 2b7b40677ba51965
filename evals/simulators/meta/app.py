"""The application: the events endpoint as strict as Meta's, and ``/_control`` for tests."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from evals.simulators.meta.access import refusal_of_access, refusal_of_scope
from evals.simulators.meta.answers import Answers
from evals.simulators.meta.control import control_routes
from evals.simulators.meta.faults import Call, Fault, FaultKind
from evals.simulators.meta.parse import Incoming, events_of, read
from evals.simulators.meta.playing import play_after, play_before
from evals.simulators.meta.reading import read_route
from evals.simulators.meta.refusals import Reason, Refusal, bad
from evals.simulators.meta.state import Sent, State
from evals.simulators.meta.tokens import token_routes
from evals.simulators.meta.transport import body_of
from evals.simulators.meta.validate import refusal_of_batch
from evals.simulators.meta.versions import NEWEST_VERSION, answering_version

_BODY_MAX_BYTES = 32_000_000
_SECRET_HEADERS = frozenset({"authorization", "cookie"})
_UNREADABLE = bad("The body is cut short or too large")
_DATASET_FIELDS = ("id", "name")


def create_app(state: State | None = None) -> Starlette:
    kept = state or State()
    return Starlette(
        routes=[
            Route("/{version}/{dataset_id}/events", Events(kept), methods=["POST"]),
            *control_routes(kept),
            Route("/healthz", _healthz),
            *token_routes(kept),
            read_route(kept, "/{version}/{dataset_id}", Call.DATASET, _dataset),
        ]
    )


class Events:
    """``POST /{version}/{dataset_id}/events``."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dataset_id = scope["path_params"]["dataset_id"]
        self._state.calls[Call.EVENTS] += 1
        self._state.of(dataset_id).requests += 1
        headers = dict(scope["headers"])
        body = await body_of(receive, _BODY_MAX_BYTES)
        incoming = _UNREADABLE if body is None else read(headers, scope["query_string"], body)
        answers = _answers(self._state, scope)
        fault = self._fault(dataset_id, incoming)
        if fault and not fault.kind.spoils_the_answer:
            self._state.faults.use(fault)
            self._state.of(dataset_id).refused += fault.kind is FaultKind.POISON
            if answer := await play_before(fault, scope, receive, answers):
                return await answer(scope, receive, send)
        taken = self._taken(scope, incoming, headers)
        if isinstance(taken, Refusal):
            return await _refused(self._state, dataset_id, answers, taken)(scope, receive, send)
        if fault and fault.kind.spoils_the_answer:
            self._state.faults.use(fault)
            return await play_after(fault, taken, scope, receive, send, answers)
        return await answers.taken(taken)(scope, receive, send)

    def _fault(self, dataset_id: str, incoming: Incoming | Refusal) -> Fault | None:
        faults = self._state.faults
        ids = _event_ids(incoming) if faults.names_events() else set()
        return faults.first(Call.EVENTS, dataset_id, ids)

    def _taken(self, scope: Scope, incoming: Incoming | Refusal, headers: dict[bytes, bytes]) -> int | Refusal:
        """How many events were stored, all of the request's, or why none was."""
        state = self._state
        if isinstance(incoming, Refusal):
            return incoming
        known = state.registered.get(scope["path_params"]["dataset_id"])
        if refusal := refusal_of_access(state, scope, incoming) or refusal_of_scope(known):
            return refusal
        events = events_of(incoming.parameters)
        if isinstance(events, Refusal):
            return events
        if refusal := refusal_of_batch(events, state.clock()):
            return refusal
        sent = Sent(_shown(headers), incoming.shown) if state.with_bodies else Sent()
        state.take(scope["path_params"]["dataset_id"], events, sent)
        return len(events)


def _event_ids(incoming: Incoming | Refusal) -> set[str]:
    events = events_of(incoming.parameters) if isinstance(incoming, Incoming) else []
    listed = events if isinstance(events, list) else []
    return {str(event.get("event_id")) for event in listed if isinstance(event, dict)}


def _answers(state: State, scope: Scope) -> Answers:
    version, dataset_id = scope["path_params"]["version"], scope["path_params"]["dataset_id"]
    known = state.registered.get(dataset_id)
    answering = answering_version(version, state.clock())
    return Answers(answering or NEWEST_VERSION, has_textual_data=bool(known and known.textual_error_data))


def _refused(state: State, dataset_id: str, answers: Answers, refusal: Refusal) -> Response:
    state.of(dataset_id).refused += 1
    return answers.refused(refusal)


def _shown(headers: dict[bytes, bytes]) -> dict[str, str]:
    named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
    return {name: value for name, value in named.items() if name not in _SECRET_HEADERS}


async def _dataset(state: State, request: Request) -> Response:
    """Reading the dataset itself: whether the token sees it, which says nothing about its right to send."""
    dataset_id = request.path_params["dataset_id"]
    answers = _answers(state, request.scope)
    incoming = read(dict(request.scope["headers"]), request.scope["query_string"], b"")
    said = _readable(state, request, incoming)
    return _refused(state, dataset_id, answers, said) if isinstance(said, Refusal) else answers.of(200, said)


def _readable(state: State, request: Request, incoming: Incoming | Refusal) -> dict[str, Any] | Refusal:
    if isinstance(incoming, Refusal):
        return incoming
    if refusal := refusal_of_access(state, request.scope, incoming):
        return refusal
    dataset_id = request.path_params["dataset_id"]
    known = state.registered.get(dataset_id)
    if known and known.missing_permission:
        return Refusal(Reason.MISSING_PERMISSION, "Missing Permission")
    fields = str(incoming.parameters.get("fields") or ",".join(_DATASET_FIELDS)).split(",")
    if any(one not in _DATASET_FIELDS for one in fields):
        return bad("Tried accessing nonexisting field on node type (AdsPixel)", "fields")
    whole = {"id": dataset_id, "name": known.name if known and known.name else f"Dataset {dataset_id}"}
    return {"id": dataset_id} | {name: whole[name] for name in fields}


async def _healthz(_request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")
