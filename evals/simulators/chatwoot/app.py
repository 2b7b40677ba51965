"""The application: ``/api/v1`` behind the account's token, and ``/_control`` for tests."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from evals.simulators.chatwoot.api import Api, json_response, refused
from evals.simulators.chatwoot.control import Control
from evals.simulators.chatwoot.state import Fault, FaultKind, State
from evals.simulators.chatwoot.webhooks import Webhooks
from evals.simulators.meta.transport import body_of, cut

Answer = Callable[[Request], Awaitable[Response]]
_BODY_MAX_BYTES = 1_000_000
_ACCOUNT = "/api/v1/accounts/{account_id:int}"
_CONVERSATION = f"{_ACCOUNT}/conversations/{{conversation_id:int}}"


def create_app(state: State | None = None) -> Starlette:
    kept = state or State()
    webhooks = Webhooks(kept)
    api = Api(kept, webhooks)

    def route(method: str, path: str, answer: Answer) -> Route:
        return Route(path, _Guarded(kept, path, answer), methods=[method])

    return Starlette(
        routes=[
            route("GET", "/api/v1/profile", api.profile),
            route("GET", f"{_ACCOUNT}/contacts/search", api.search_contacts),
            route("POST", f"{_ACCOUNT}/contacts", api.create_contact),
            route("GET", f"{_ACCOUNT}/contacts/{{contact_id:int}}/conversations", api.contact_conversations),
            route("POST", f"{_ACCOUNT}/conversations", api.create_conversation),
            route("GET", _CONVERSATION, api.show_conversation),
            route("GET", f"{_CONVERSATION}/messages", api.list_messages),
            route("POST", f"{_CONVERSATION}/messages", api.create_message),
            route("POST", f"{_CONVERSATION}/toggle_priority", api.toggle_priority),
            route("GET", f"{_CONVERSATION}/labels", api.list_labels),
            route("POST", f"{_CONVERSATION}/labels", api.set_labels),
            route("POST", f"{_CONVERSATION}/toggle_status", api.toggle_status),
            *Control(kept, api, webhooks).routes(),
            Route("/healthz", _healthz),
        ]
    )


class _Guarded:
    """One route: counted, spoiled by a fault if one was ordered, and open to the account's token only."""

    def __init__(self, state: State, route: str, answer: Answer) -> None:
        self._state, self._route, self._answer = state, route, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._state.note(scope["method"], self._route)
        body = await body_of(receive, _BODY_MAX_BYTES)
        fault = self._state.fault(scope["method"], scope["path"])
        if response := await self._played(fault, Request(scope, _replaying(body or b"")), body):
            await response(scope, receive, send)
        else:
            await cut(scope, receive)

    async def _played(self, fault: Fault | None, request: Request, body: bytes | None) -> Response | None:
        """None ends the connection without an answer."""
        match fault and fault.kind:
            case FaultKind.DROP_BEFORE:
                return None
            case FaultKind.STATUS if fault:
                return refused(fault.status, "Something went wrong")
            case FaultKind.THROTTLED if fault:
                answer = Response("Retry later\n", 429)
                answer.headers["Retry-After"] = str(fault.wait_seconds)
                return answer
            case FaultKind.SLOW if fault:
                await asyncio.sleep(fault.seconds)
        response = refused(413, "Too large") if body is None else await self._allowed(request)
        return None if fault and fault.kind is FaultKind.DROP_AFTER else response

    async def _allowed(self, request: Request) -> Response:
        account = self._state.account
        given = request.headers.get("api_access_token", "")
        if not hmac.compare_digest(given.encode(), account.token.encode()):
            return json_response({"error": "Invalid Access Token"}, 401)
        if request.path_params.get("account_id", account.id) != account.id:
            return json_response({"error": "You are not authorized to access this account"}, 401)
        return await self._answer(request)


def _replaying(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _healthz(_request: Request) -> Response:
    return json_response({"status": "ok"})
