"""What every read of the Graph API passes: it is counted, and spoiled by a fault if one was ordered for it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.meta.answers import Answers
from evals.simulators.meta.control import Handler
from evals.simulators.meta.faults import Call
from evals.simulators.meta.parse import read
from evals.simulators.meta.playing import play_before, unreadable
from evals.simulators.meta.refusals import Refusal
from evals.simulators.meta.state import State
from evals.simulators.meta.versions import NEWEST_VERSION, answering_version


def read_route(state: State, path: str, call: Call, handler: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        state.calls[call] += 1
        return await _spoiled(state, call, request) or await handler(state, request)

    return Route(path, endpoint, methods=["GET"])


async def _spoiled(state: State, call: Call, request: Request) -> Response | None:
    """None when the read goes on."""
    fault = state.faults.first(call, _dataset_of(state, request))
    if fault is None:
        return None
    state.faults.use(fault)
    if fault.kind.spoils_the_answer:
        return unreadable(fault.kind)
    answers = Answers(answering_version(request.path_params["version"], state.clock()) or NEWEST_VERSION)
    return await play_before(fault, request.scope, request.receive, answers)


def _dataset_of(state: State, request: Request) -> str | None:
    if named := request.path_params.get("dataset_id"):
        return str(named)
    incoming = read(dict(request.scope["headers"]), request.scope["query_string"], b"")
    known = None if isinstance(incoming, Refusal) else state.holder(incoming.token)
    return known.dataset_id if known else None
