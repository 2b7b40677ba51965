"""``POST .../{id}/chat``: the seller's words. What is a secret is in the vault before anything is kept; the answer
comes over the session's stream."""

import unicodedata
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from api.chatting import Words, receive
from api.deps import CallerDep
from api.routes.setup_sessions import router as sessions_router
from tracking_core.chat.turns import told

router = APIRouter(tags=["setup"])
LIMIT_CHARACTERS = 8_000
_PATH = "/{session_id}/chat"
# As JSON, so that it fits into an event whatever it is made of.
LIMIT_BYTES = 12_000


def _text(text: str) -> str:
    """Without control characters, which no table and no reader takes."""
    plain = "".join(one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs"))
    if len(orjson.dumps(plain)) > LIMIT_BYTES:
        raise PydanticCustomError("string_too_long", "too long", {"max_length": LIMIT_CHARACTERS})
    return plain


ClientMessageId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


class ChatMessage(BaseModel):
    """``client_message_id`` makes a message that is sent again the same message; ``attachments`` are screenshots."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    text: Annotated[str, AfterValidator(_text)] = Field(default="", max_length=LIMIT_CHARACTERS, repr=False)
    attachments: list[UUID] = Field(default_factory=list, max_length=5)
    client_message_id: ClientMessageId | None = None


@router.post(sessions_router.prefix + _PATH, status_code=202)
@router.post("/setup/sessions" + _PATH, status_code=202, include_in_schema=False)
async def say(
    session_id: UUID, said: ChatMessage, request: Request, response: Response, caller: CallerDep
) -> dict[str, Any]:
    """Keep the message and have it answered. 200 for one that is already there; the answer comes over the events as
    ``message.delta`` and ``message.completed``, and is read later from the messages."""
    words = Words(
        text=said.text, attachments=tuple(said.attachments), client_id=said.client_message_id or "", actor=caller.actor
    )
    with request.app.state.allowance.action(caller.tenant_id):
        message, is_new = await receive(session_id, caller.tenant_id, words, doorbell=request.app.state.doorbell)
    if not is_new:
        response.status_code = 200
    return {**told(message.model_dump()), "state": "answered" if message.turn_id else "queued"}
