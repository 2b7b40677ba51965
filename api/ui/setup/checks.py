"""The wizard's forms about the seller and their accounts. Each leads back to its page; a field that is wrong comes back
with a sentence, and nothing was asked."""

from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.inbox import Wish, ask
from api.ui import paths
from api.ui.setup.access import caller_of, own_setup
from api.ui.setup.choices import CONTACT, choose, chosen_now, keep_contact, preferences_in
from api.ui.setup.forms import SECRET_FIELDS, WISHES, Fields, FormInvalid, Sent
from api.ui.setup.steps import Step
from api.ui.setup.views import Refused, Wizard
from api.ui.visitor import SignedInDep, Visitor
from tracking_core.configuration.current import read_current
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.logging import mask_text
from tracking_core.models import SetupSession
from tracking_core.secrets.kept import kept_by, kept_for

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)
SEE_OTHER = 303


@router.post("/{session_id}/business")
async def business(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """Who to reach, and whose consent counts."""
    fields = await fields_of(request)
    async with transaction() as session:
        setup = await own_setup(session, who, session_id)
        try:
            preferences_in(fields, who.locale)
            await keep_contact(session, setup, fields, who.locale)
        except FormInvalid as invalid:
            return await Wizard(session, request, who, setup).page(Step.BUSINESS, _refused(fields, invalid))
        now = await chosen_now(session, setup)
    await choose(request, who, setup, now, fields)
    return to_step(session_id, Step.GATEWAY)


@router.post("/{session_id}/preferences")
async def preferences(session_id: UUID, who: SignedInDep, request: Request) -> Response:
    """What else the seller chooses, such as the visits that are reported too."""
    fields = await fields_of(request)
    async with transaction() as session:
        setup = await own_setup(session, who, session_id)
        now = await chosen_now(session, setup)
    try:
        await choose(request, who, setup, now, fields)
    except FormInvalid as invalid:
        async with transaction() as session:
            setup = await own_setup(session, who, session_id)
            return await Wizard(session, request, who, setup).page(Step.REVIEW, _refused(fields, invalid))
    return to_step(session_id, Step.REVIEW)


@router.post("/{session_id}/checks/{step}")
async def check(session_id: UUID, step: Step, who: SignedInDep, request: Request) -> Response:
    """Have it checked. With the dataset comes the code for its test events."""
    if step.value not in WISHES:
        raise NotFound(what="check")
    fields = await fields_of(request)
    async with transaction() as session:
        setup = await own_setup(session, who, session_id)
        try:
            wish = await _wish(session, who, setup, step, fields)
        except FormInvalid as invalid:
            return await Wizard(session, request, who, setup).page(step, _refused(fields, invalid))
        now = await chosen_now(session, setup)
    if step is Step.META:
        await choose(request, who, setup, now, fields)
    await ask(request, caller_of(who, setup), session_id, wish)
    return to_step(session_id, step)


async def fields_of(request: Request) -> Fields:
    """What was typed; files are no part of these forms."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def to_step(session_id: UUID, step: Step) -> Response:
    return RedirectResponse(f"{paths.SETUPS}/{session_id}?step={step.value}", SEE_OTHER)


async def _wish(session: AsyncSession, who: Visitor, setup: SetupSession, step: Step, fields: Fields) -> Wish:
    """Raises FormInvalid, with all that is wrong."""
    if step is not Step.GATEWAY:
        return _complete(step, Sent(fields=fields, kept=await kept_by(session, setup), locale=who.locale))
    gateway = fields.get("gateway", "")
    current = await read_current(session, setup.tenant_id)
    can_verify = current.endpoint_of(gateway) is not None
    theirs = await kept_for(session, setup, gateway)
    return WISHES[step.value](Sent(fields=fields, kept=theirs, locale=who.locale, can_verify=can_verify))


def _complete(step: Step, sent: Sent) -> Wish:
    errors: dict[str, str] = {}
    try:
        preferences_in(sent.fields, sent.locale)
    except FormInvalid as invalid:
        errors = invalid.errors
    try:
        wish = WISHES[step.value](sent)
    except FormInvalid as invalid:
        raise FormInvalid({**errors, **invalid.errors}) from None
    if errors:
        raise FormInvalid(errors)
    return wish


def _refused(fields: Fields, invalid: FormInvalid) -> Refused:
    """No secret goes back into a page, be it one that was pasted into another field."""
    shown = {name: value for name, value in fields.items() if name in CONTACT or not _is_secret(name, value)}
    return Refused(fields=shown, errors=invalid.errors)


def _is_secret(name: str, value: str) -> bool:
    return name.rpartition("-")[2] in SECRET_FIELDS or mask_text(value) != value
