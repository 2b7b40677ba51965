"""What somebody sends to the chat: a form with files, or JSON of the page's own script, as one and the same message."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from api.body import bounded
from api.inbox import Caller
from api.routes.screenshots import limit_of, raw_body, taken, too_large
from api.routes.setup_chat import ChatMessage
from api.ui.chat.errors import MessageRefused, MessageTooLong, TooManyPictures
from api.ui.chat.views import ATTACHMENTS_MAX
from tracking_core.models import SetupScreenshot

# Twice what a message may have as JSON.
_JSON_MAX_BYTES = 65_536
_FILES = "pictures"


async def message_of(request: Request, caller: Caller, session_id: UUID) -> ChatMessage:
    """The message, with its pictures kept. Raises a MessageRefused, a ScreenshotRefused and the like of it."""
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await bounded(request.receive, request.headers.get("content-length"), _JSON_MAX_BYTES)
        return _checked(partial(ChatMessage.model_validate_json, body))
    async with request.form() as form:
        said = {"text": form.get("text", ""), "client_message_id": form.get("client_message_id") or None}
        message = _checked(partial(ChatMessage.model_validate, said))
        files = [one for one in form.getlist(_FILES) if isinstance(one, UploadFile) and one.size]
        if len(files) > ATTACHMENTS_MAX:
            raise TooManyPictures(limit=ATTACHMENTS_MAX)
        kept = [await taken(request, caller, session_id, _reader(request, one)) for one in files]
    return message.model_copy(update={"attachments": [row.id for row in kept]})


async def picture_of(request: Request, caller: Caller, session_id: UUID) -> SetupScreenshot:
    """The picture that is the body, or the form's first file, kept."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await taken(request, caller, session_id, lambda: raw_body(request))
    async with request.form() as form:
        file = form.get(_FILES)
        if not isinstance(file, UploadFile):
            raise MessageRefused
        return await taken(request, caller, session_id, _reader(request, file))


def _checked(validate: Callable[[], Any]) -> ChatMessage:
    try:
        message: ChatMessage = validate()
    except ValidationError as invalid:
        is_long = any(item["type"] == "string_too_long" for item in invalid.errors(include_input=False))
        raise (MessageTooLong if is_long else MessageRefused) from None
    return message


def _reader(request: Request, file: UploadFile) -> Callable[[], Awaitable[bytes]]:
    limit = limit_of(request)

    async def read() -> bytes:
        data = await file.read(limit + 1)
        if len(data) > limit:
            raise too_large(limit)
        return data

    return read
