"""The chat beside the wizard. Every form works alone and leads back to its page; the page's script asks for the news of
the chat instead."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.chatting import Words, receive
from api.deps import SessionDep
from api.routes.screenshots import described, picture
from api.ui import paths
from api.ui.chat.errors import AttachmentUnknown, MessageEmpty
from api.ui.chat.incoming import message_of, picture_of
from api.ui.chat.views import SHOWN, chat_of, messages_of
from api.ui.rendering import page
from api.ui.setup.access import caller_of, own_setup, setup_of
from api.ui.visitor import SignedInDep, Visitor, person
from tracking_core.chat import history
from tracking_core.db.engine import transaction
from tracking_core.errors import InvalidRequest
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.handoff.desk import MESSAGE_LIMIT
from tracking_core.kit import clock
from tracking_core.screenshots import service as screenshots

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)
_SEE_OTHER, _CREATED, _NOTHING = 303, 201, 204
_CHAT = "#chat"
_REFUSALS = {"empty": MessageEmpty, "unknown": AttachmentUnknown}
After = Annotated[int | None, Query(ge=0, le=1 << 62)]


@router.post("/{session_id}/chat")
async def say(session_id: UUID, who: SignedInDep, request: Request, after: After = None) -> Response:
    """Keep what the seller says and have it answered; the same ``client_message_id`` is the same message."""
    async with transaction() as session:
        caller = caller_of(who, await own_setup(session, who, session_id))
    said = await message_of(request, caller, session_id)
    attachments = tuple(said.attachments)
    words = Words(text=said.text, attachments=attachments, client_id=said.client_message_id or "", actor=caller.actor)
    with request.app.state.allowance.action(caller.tenant_id):
        try:
            await receive(session_id, caller.tenant_id, words, doorbell=request.app.state.doorbell)
        except InvalidRequest as invalid:
            raise _REFUSALS[invalid.errors[0]["code"]] from None
    return await _answered(request, who, session_id, after)


@router.get("/{session_id}/chat/messages")
async def news(
    session_id: UUID, who: SignedInDep, session: SessionDep, after: After = None, before: UUID | None = None
) -> Response:
    """What is new since the event ``after``, with how the chat stands; or the messages before one."""
    setup = await setup_of(session, who, session_id)
    if before is None:
        return page("chat/news.html", who, chat=await chat_of(session, setup, who, after=after))
    rows = await history.before(session, session_id, before, limit=SHOWN + 1)
    messages = await messages_of(session, setup, who, rows[-SHOWN:])
    return page("chat/earlier.html", who, messages=messages, has_earlier=len(rows) > SHOWN)


@router.post("/{session_id}/chat/screenshots")
async def keep_screenshot(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Keep a picture for a message that is still to be sent."""
    async with transaction() as session:
        caller = caller_of(who, await own_setup(session, who, session_id))
    return JSONResponse(described(await picture_of(request, caller, session_id)), _CREATED)


@router.get("/{session_id}/chat/screenshots/{screenshot_id}")
async def show_screenshot(session_id: UUID, screenshot_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    """The picture, in its place in the chat."""
    setup = await setup_of(session, who, session_id)
    row = await screenshots.get(session, setup, screenshot_id)
    return picture(await screenshots.opened(session, row), "inline")


@router.delete("/{session_id}/chat/screenshots/{screenshot_id}")
async def delete_screenshot(session_id: UUID, screenshot_id: UUID, who: SignedInDep, session: SessionDep) -> Response:
    """Delete one that is not wanted after all; done twice is done."""
    setup = await own_setup(session, who, session_id)
    row = await screenshots.get(session, setup, screenshot_id)
    await screenshots.discard(session, row, screenshots.DiscardReason.DELETED, actor=person(who).actor)
    return Response(status_code=_NOTHING)


@router.post("/{session_id}/person")
async def call_person(
    session_id: UUID,
    who: SignedInDep,
    request: Request,
    note: Annotated[str, Form(max_length=MESSAGE_LIMIT)] = "",
    after: After = None,
) -> Response:
    """Ask for a person, at once; a second time adds to the case that there is."""
    async with transaction() as session:
        setup = await own_setup(session, who, session_id)
        with request.app.state.allowance.action(setup.tenant_id):
            await handoffs.open_(
                session,
                setup,
                reason=Reason.USER_REQUESTED,
                step=None,
                code=None,
                actor=person(who).actor,
                now=clock.now(),
                settings=request.app.state.settings,
                note=note.strip(),
            )
    return await _answered(request, who, session_id, after)


async def _answered(request: Request, who: Visitor, session_id: UUID, after: int | None) -> Response:
    """The news to the page's script, else back to the page that the form was on."""
    if "hx-request" not in request.headers:
        back = str((await request.form()).get("back", ""))
        return RedirectResponse(paths.local(back, f"{paths.SETUPS}/{session_id}") + _CHAT, _SEE_OTHER)
    async with transaction() as session:
        setup = await setup_of(session, who, session_id)
        return page("chat/news.html", who, chat=await chat_of(session, setup, who, after=after))
