"""What people do with a case on its page. One case has one owner: who comes second is told who came first, and what
they typed is on the page again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.field_errors import field_error, localised
from api.inbox import Wish, ask
from api.routes.handoffs import Closing, Saying
from api.ui import paths
from api.ui.desk.case import case_of
from api.ui.desk.checks import SCOPES, Check, check_wish, proof_wish, rollback_wish
from api.ui.desk.errors import CaseNotYours
from api.ui.desk.seen import require_seen
from api.ui.desk.showing import Act, Again, case_page, refusal_of
from api.ui.setup.access import caller_of
from api.ui.setup.forms import FormInvalid
from api.ui.visitor import SupportDep, Visitor, person
from tracking_core.db.engine import after_commit, transaction
from tracking_core.errors import Conflict, NotFound
from tracking_core.handoff import rows
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.errors import HandoffClosed, HandoffTaken
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import Role, SetupHandoff, SetupSession
from tracking_core.worker.doorbell import Bell

router = APIRouter()
_SEE_OTHER, _UNPROCESSABLE = 303, 422
_KEY_LIMIT = 64
Fields = Mapping[str, str]
Work = Callable[..., Awaitable[SetupHandoff]]
_WORK: dict[Act, Work] = {
    Act.TAKE: handoffs.take,
    Act.RELEASE: handoffs.release,
    Act.REPLY: handoffs.reply,
    Act.ASK: handoffs.ask_seller,
    Act.RESUME: handoffs.resume,
    Act.RESOLVE: handoffs.resolve,
}
_WRITING, _CLOSING = (Act.REPLY, Act.ASK), (Act.RESUME, Act.RESOLVE)


@router.post("/{handoff_id}/do/{act}")
async def do(handoff_id: UUID, act: Act, who: SupportDep, request: Request) -> Response:
    """A form that cannot be carried out comes back with what was typed, and nothing was done."""
    fields = await _fields(request)
    try:
        given = _given(act, fields, who)
        async with transaction() as session:
            handoff, _ = await rows.locked(session, handoff_id)
            if act in (*_WRITING, *_CLOSING):
                await require_seen(session, handoff, person(who).user.name, fields)
            await _done(session, request, act, handoff, who, given)
    except FormInvalid as invalid:
        again = Again(form=act, fields=fields, errors=invalid.errors, http_status=_UNPROCESSABLE)
    except Conflict as refused:
        again = Again(form=act, fields=fields, refusal=refusal_of(refused, who.locale))
    else:
        return RedirectResponse(f"{paths.DESK}/{handoff_id}?done={act.value}", _SEE_OTHER)
    return await _again(request, who, handoff_id, again)


@router.post("/{handoff_id}/checks/{check}")
async def check_again(handoff_id: UUID, check: Check, who: SupportDep, request: Request) -> Response:
    """With the credentials that are in the vault; the page never asks for one."""
    fields = await _fields(request)
    try:
        async with transaction() as session:
            owner = await _theirs(session, handoff_id, who)
            wish = await check_wish(session, owner, check, fields, who.locale)
    except FormInvalid as invalid:
        again = Again(form=check, fields=fields, errors=invalid.errors, http_status=_UNPROCESSABLE)
        return await _again(request, who, handoff_id, again)
    except Conflict as refused:
        return await _again(request, who, handoff_id, _refused(check, fields, refused, who))
    return await _asked(request, who, handoff_id, owner, wish)


@router.post("/{handoff_id}/proof")
async def prove_again(handoff_id: UUID, who: SupportDep, request: Request) -> Response:
    """The test sale, through every step of the configuration in use."""
    return await _wished(request, who, handoff_id, lambda fields: proof_wish(fields["once"]))


@router.post("/{handoff_id}/rollback/{scope}")
async def roll_back(handoff_id: UUID, scope: str, who: SupportDep, request: Request) -> Response:
    """A plan that takes back. The seller decides on it, nobody else."""
    if scope not in SCOPES:
        raise NotFound(what="rollback")
    return await _wished(request, who, handoff_id, lambda fields: rollback_wish(scope, fields["once"]))


async def _wished(request: Request, who: Visitor, handoff_id: UUID, wish: Callable[[Fields], Wish]) -> Response:
    fields = await _fields(request)
    try:
        async with transaction() as session:
            owner = await _theirs(session, handoff_id, who)
    except Conflict as refused:
        return await _again(request, who, handoff_id, _refused("tools", fields, refused, who))
    return await _asked(request, who, handoff_id, owner, wish(fields))


async def _asked(request: Request, who: Visitor, handoff_id: UUID, owner: SetupSession, wish: Wish) -> Response:
    intent = await ask(request, caller_of(who, owner), owner.id, wish)
    return RedirectResponse(f"{paths.DESK}/{handoff_id}?asked={intent.id}", _SEE_OTHER)


async def _theirs(session: AsyncSession, handoff_id: UUID, who: Visitor) -> SetupSession:
    """The setup of a case that is theirs. Raises HandoffClosed, HandoffTaken or CaseNotYours."""
    handoff, owner = await case_of(session, handoff_id)
    if handoff.state not in rows.LIVE:
        raise HandoffClosed
    if handoff.owner is None:
        raise CaseNotYours
    if handoff.owner != person(who).user.name:
        raise HandoffTaken(owner=handoff.owner)
    return owner


async def _done(
    session: AsyncSession, request: Request, act: Act, handoff: SetupHandoff, who: Visitor, given: Fields
) -> None:
    known: dict[str, Any] = {"now": clock.now(), "settings": request.app.state.settings, **given}
    if act is Act.RELEASE:
        known["is_operator"] = person(who).role is Role.OPERATOR
    await _WORK[act](session, handoff.id, person(who).user.name, **known)
    if act in _CLOSING:  # whatever waits for an answer is the assistant's again
        bell = request.app.state.doorbell.after_commit(Bell.CHAT, str(handoff.session_id))
        after_commit(session, bell)


def _given(act: Act, fields: Fields, who: Visitor) -> dict[str, str]:
    """What the form says, checked as the API checks it. Raises FormInvalid."""
    if act not in (*_WRITING, *_CLOSING):
        return {}
    form = Saying if act in _WRITING else Closing
    try:
        said = form.model_validate({"text": fields.get("text", "")})
    except ValidationError as invalid:
        errors = [localised(field_error(item), who.locale) for item in invalid.errors()]
        raise FormInvalid({"text": errors[0]["message"]}) from None
    return {"text": said.text, **({"key": fields["once"]} if act in _WRITING else {})}


def _refused(form: str, fields: Fields, refused: Conflict, who: Visitor) -> Again:
    return Again(form=form, fields=fields, refusal=refusal_of(refused, who.locale))


async def _again(request: Request, who: Visitor, handoff_id: UUID, again: Again) -> Response:
    async with transaction() as session:
        return await case_page(session, request, who, handoff_id, again=again)


async def _fields(request: Request) -> dict[str, str]:
    """As typed, with the line ends of one character; ``once`` is the same when the form is sent twice."""
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    fields = {name: value.replace("\r\n", "\n") for name, value in sent.items()}
    once = fields.get("once", "")[:_KEY_LIMIT]
    return {**fields, "once": once if once.isascii() and once.isalnum() else new_hex()}
