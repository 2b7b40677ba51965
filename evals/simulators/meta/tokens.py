"""What the Graph API tells of a token: ``debug_token`` and ``me/permissions``.

Meta lets only the app's own tokens look into a token. One made in Events Manager is of Meta's app, so it can neither
look nor be looked into, and it has no permissions of its own to list.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.meta.access import (
    facts_of,
    refusal_of_proof,
    refusal_of_token,
    refusal_of_version,
)
from evals.simulators.meta.answers import Answers, Json
from evals.simulators.meta.faults import Call
from evals.simulators.meta.parse import Incoming, read
from evals.simulators.meta.reading import read_route
from evals.simulators.meta.refusals import Refusal, bad
from evals.simulators.meta.state import Dataset, State, TokenFacts
from evals.simulators.meta.versions import NEWEST_VERSION, answering_version

_OF_ANOTHER_APP = bad(
    "You must provide an app access token, or a user access token that is an owner or developer of the app"
)


def token_routes(state: State) -> list[Route]:
    return [
        read_route(state, "/{version}/debug_token", Call.DEBUG_TOKEN, _debug_token),
        read_route(state, "/{version}/me/permissions", Call.PERMISSIONS, _permissions),
    ]


async def _debug_token(state: State, request: Request) -> Response:
    caller = _caller(state, request)
    return _answered(state, request, caller if isinstance(caller, Refusal) else _inspected(state, *caller))


async def _permissions(state: State, request: Request) -> Response:
    caller = _caller(state, request)
    if isinstance(caller, Refusal):
        return _answered(state, request, caller)
    granted = [{"permission": scope, "status": "granted"} for scope in _scopes(caller[0])]
    return _answered(state, request, {"data": granted})


def _caller(state: State, request: Request) -> tuple[TokenFacts, Incoming] | Refusal:
    """Whose token the call was made with, when it may be made at all."""
    incoming = read(dict(request.scope["headers"]), request.scope["query_string"], b"")
    if isinstance(incoming, Refusal):
        return incoming
    facts = facts_of(state, incoming.token)
    secret = facts.app_secret if isinstance(facts, Dataset) else None
    refusal = (
        refusal_of_version(state, request.scope)
        or refusal_of_token(facts, state.clock())
        or refusal_of_proof(secret, incoming)
    )
    return refusal or (facts or TokenFacts(), incoming)


def _inspected(state: State, caller: TokenFacts, incoming: Incoming) -> Json | Refusal:
    token = str(incoming.parameters.get("input_token") or "")
    if not token:
        return bad("The parameter input_token is required", "input_token")
    facts = facts_of(state, token)
    if not caller.can_be_debugged or (facts and not (facts.can_be_debugged and facts.app_id == caller.app_id)):
        return _OF_ANOTHER_APP
    dead = refusal_of_token(facts, state.clock())
    return {"data": {**(_told(facts) if facts else {"scopes": []}), **(_invalid(dead) if dead else {"is_valid": True})}}


def _told(facts: TokenFacts) -> Json:
    return {
        "app_id": facts.app_id,
        "type": facts.token_type,
        "application": "Aplicativo da Loja",
        "data_access_expires_at": facts.data_access_expires_at,
        "expires_at": facts.expires_at,
        "scopes": _scopes(facts),
        "granular_scopes": [{"scope": scope} for scope in _scopes(facts)],
    }


def _invalid(dead: Refusal) -> Json:
    numbers = dead.reason.value
    subcode = {} if numbers.subcode is None else {"subcode": numbers.subcode}
    return {"is_valid": False, "error": {"code": numbers.code, "message": dead.message, **subcode}}


def _scopes(facts: TokenFacts) -> list[str]:
    return list(facts.scopes) if facts.can_be_debugged else []


def _answered(state: State, request: Request, said: Json | Refusal) -> Response:
    answers = Answers(answering_version(request.path_params["version"], state.clock()) or NEWEST_VERSION)
    return answers.refused(said) if isinstance(said, Refusal) else answers.of(200, said)
