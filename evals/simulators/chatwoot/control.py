"""``/_control``: the account and its faults, and what the people at the desk do."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.chatwoot.api import Api, json_response
from evals.simulators.chatwoot.shapes import contact_json, conversation_event, conversation_json, message_json
from evals.simulators.chatwoot.state import Account, Conversation, Fault, Message, State, Status
from evals.simulators.chatwoot.webhooks import Webhooks

_Asked = TypeVar("_Asked", bound=BaseModel)
_AGENT = {"id": 77, "name": "Ana", "type": "user"}


class Said(BaseModel):
    """A person at the desk writes in a conversation."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: int
    text: Annotated[str, Field(max_length=150_000)]
    private: bool = False
    agent: str = "Ana"


class Moved(BaseModel):
    """A person at the desk changes a conversation. ``assignee`` is a name; with ``silently`` the change of status is
    told as an update only, as auto-assignment was seen to do (chatwoot issue 9277)."""

    model_config = ConfigDict(extra="forbid")

    conversation_id: int
    status: Status | None = None
    assignee: str = ""
    silently: bool = False


class Control:
    def __init__(self, state: State, api: Api, webhooks: Webhooks) -> None:
        self._state, self._api, self._webhooks = state, api, webhooks

    def routes(self) -> list[Route]:
        handlers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("/account", "PUT", self._set_account),
            ("/faults", "POST", self._add_fault),
            ("/faults", "DELETE", self._clear_faults),
            ("/requests", "GET", self._requests),
            ("/everything", "GET", self._everything),
            ("/said", "POST", self._say),
            ("/moved", "POST", self._move),
            ("/reset", "POST", self._reset),
        ]
        return [Route(f"/_control{path}", handler, methods=[method]) for path, method, handler in handlers]

    async def _set_account(self, request: Request) -> Response:
        self._state.account = await _asked(request, Account)
        return Response(None, 204)

    async def _add_fault(self, request: Request) -> Response:
        self._state.faults.append(await _asked(request, Fault))
        return Response(None, 204)

    async def _clear_faults(self, _request: Request) -> Response:
        self._state.faults.clear()
        return Response(None, 204)

    async def _requests(self, _request: Request) -> Response:
        return json_response({"requests": list(self._state.requests), "counts": dict(self._state.counts)})

    async def _everything(self, _request: Request) -> Response:
        """All but the token, once the webhooks on their way have been answered."""
        await self._webhooks.wait()
        state = self._state
        return json_response(
            {
                "contacts": [contact_json(one) for one in state.contacts],
                "conversations": [conversation_json(state, one) for one in state.conversations],
                "messages": [message_json(one) for one in state.messages],
                "webhooks": state.webhooks,
            }
        )

    async def _say(self, request: Request) -> Response:
        said = await _asked(request, Said)
        conversation = self._known(said.conversation_id)
        sender = {**_AGENT, "name": said.agent}
        made = Message(next(self._state.ids), conversation.id, said.text, 1, said.private, None, sender)
        self._api.add(conversation, made)
        return json_response({"id": made.id})

    async def _move(self, request: Request) -> Response:
        moved = await _asked(request, Moved)
        conversation = self._known(moved.conversation_id)
        if moved.assignee:
            conversation.assignee = {**_AGENT, "name": moved.assignee}
        if moved.status and not moved.silently:
            self._api.set_status(conversation, moved.status)
        else:
            conversation.status = moved.status or conversation.status
            changed = {"assignee_id": (None, _AGENT["id"])}
            self._webhooks.send(conversation_event(self._state, conversation, "conversation_updated", changed))
        return Response(None, 204)

    async def _reset(self, _request: Request) -> Response:
        self._state.reset()
        return Response(None, 204)

    def _known(self, conversation_id: int) -> Conversation:
        conversation = self._state.conversation(conversation_id)
        if conversation is None:
            raise HTTPException(404, "There is no such conversation.")
        return conversation


async def _asked(request: Request, model: type[_Asked]) -> _Asked:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise HTTPException(422, f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg']}.") from None
