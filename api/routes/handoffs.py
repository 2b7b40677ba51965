"""``/api/v1/handoffs``: the desk of our own people. And the seller's side of it: call a person, see what was sent."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import DoorbellDep, SessionDep, TenantDep
from api.inbox import IdempotencyKey
from api.routes.setup_sessions import ACTOR, language
from api.routes.setup_sessions import router as sessions_router
from api.staff import StaffCaller, StaffDep
from tracking_core.audit.service import record
from tracking_core.db.engine import after_commit
from tracking_core.errors import NotFound
from tracking_core.handoff import queue as desk_queue
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.build import DESK_PATH
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.contact import Contact
from tracking_core.handoff.desk import MESSAGE_LIMIT
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.sla import eta_text
from tracking_core.handoff.telling import projected
from tracking_core.i18n import DEFAULT_LOCALE, translate
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import HandoffState, SetupHandoff, SetupSession, Tenant
from tracking_core.settings import Settings
from tracking_core.setup import sessions, status
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell, Doorbell

desk = APIRouter(prefix=DESK_PATH, tags=["handoff"])
router = APIRouter(prefix=sessions_router.prefix, tags=["setup"])
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MESSAGE_LIMIT)]
Words = Annotated[Text, StringConstraints(min_length=1)]
Work = Callable[..., Awaitable[SetupHandoff]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Saying(_Body):
    """To the seller."""

    text: Words = Field(repr=False)


class Closing(_Body):
    """``text`` is a note for colleagues."""

    text: Text = Field(default="", repr=False)


class PersonWanted(_Body):
    """``note`` is what the seller wants to say first; ``contact`` how to reach them, in the place of an earlier one."""

    note: Text = Field(default="", repr=False)
    contact: Contact | None = Field(default=None, repr=False)


@desk.get("")
async def list_handoffs(
    _staff: StaffDep,
    session: SessionDep,
    state: HandoffState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: UUID | None = None,
) -> dict[str, Any]:
    """The queue, the most pressing first; without a state, what is open or taken."""
    states = (state,) if state else LIVE
    items = await desk_queue.queue(session, states=states, limit=limit, after=after, now=clock.now())
    return {"items": items}


@desk.get("/{handoff_id}")
async def read_handoff(handoff_id: UUID, staff: StaffDep, session: SessionDep, response: Response) -> dict[str, Any]:
    """The case file as it was written, the session as it is now, the notes, and how to reach the seller."""
    handoff = await session.get(SetupHandoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    owner = await session.get_one(SetupSession, handoff.session_id)
    tenant = await tenants.get(session, handoff.tenant_id)
    contact = handoffs.contact_of(owner, tenants.cipher_of(tenant))
    if contact is not None:
        _record_read(session, staff, handoff)
    response.headers["Cache-Control"] = "no-store"
    return {
        **desk_queue.listed(handoff, tenant.name, clock.now()),
        "package_version": handoff.package_version,
        "package": handoff.package,
        "notes": handoff.notes,
        "contact": contact.model_dump() if contact else None,
        "status": await status.of(session, owner, locale=DEFAULT_LOCALE),
    }


@desk.post("/{handoff_id}/take")
async def take(handoff_id: UUID, staff: StaffDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Make the case yours: the agent is silent from now on. 409: a colleague has it, or it is closed."""
    return await _done(handoffs.take, session, request, handoff_id, staff)


@desk.post("/{handoff_id}/release")
async def release(handoff_id: UUID, staff: StaffDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Put it back into the queue. An operator may do that with anyone's."""
    return await _done(handoffs.release, session, request, handoff_id, staff, is_operator=staff.is_operator)


@desk.post("/{handoff_id}/reply")
async def reply(
    handoff_id: UUID,
    said: Saying,
    staff: StaffDep,
    session: SessionDep,
    request: Request,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Write to the seller in the chat; that takes the case if nobody has it."""
    key = idempotency_key or new_hex()
    return await _done(handoffs.reply, session, request, handoff_id, staff, text=said.text, key=key)


@desk.post("/{handoff_id}/ask")
async def ask(
    handoff_id: UUID,
    said: Saying,
    staff: StaffDep,
    session: SessionDep,
    request: Request,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Ask the seller something; they are told that an answer is needed."""
    key = idempotency_key or new_hex()
    return await _done(handoffs.ask_seller, session, request, handoff_id, staff, text=said.text, key=key)


@desk.post("/{handoff_id}/resume")
async def resume(
    handoff_id: UUID,
    staff: StaffDep,
    session: SessionDep,
    request: Request,
    doorbell: DoorbellDep,
    said: Closing | None = None,
) -> dict[str, Any]:
    """Give it back: the agent speaks again, and answers what the seller wrote since a person's last word."""
    told = await _done(handoffs.resume, session, request, handoff_id, staff, text=said.text if said else "")
    return _woken(session, doorbell, told)


@desk.post("/{handoff_id}/resolve")
async def resolve(
    handoff_id: UUID,
    staff: StaffDep,
    session: SessionDep,
    request: Request,
    doorbell: DoorbellDep,
    said: Closing | None = None,
) -> dict[str, Any]:
    """It is done."""
    told = await _done(handoffs.resolve, session, request, handoff_id, staff, text=said.text if said else "")
    return _woken(session, doorbell, told)


@router.post("/{session_id}/handoff", status_code=201)
async def call_person(
    session_id: UUID,
    request: Request,
    tenant: TenantDep,
    session: SessionDep,
    response: Response,
    wanted: PersonWanted | None = None,
) -> dict[str, Any]:
    """Ask for a person, at once. 201: a case was opened; 200: there is one already, and what is new was added to it."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    with request.app.state.allowance.action(tenant.id):
        handoff, is_new = await _called(session, owner, wanted or PersonWanted(), tenant, request.app.state.settings)
    response.status_code = 201 if is_new else 200
    return _to_seller(handoff, language(request, owner))


@router.get("/{session_id}/handoff")
async def read_own(session_id: UUID, request: Request, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """The seller's case, the last one when none is open: how it stands, when a person answers, and what was sent.
    404: nobody was called."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    handoff = await handoffs.latest(session, session_id)
    if handoff is None:
        raise NotFound(what="handoff")
    return _to_seller(handoff, language(request, owner))


async def _called(
    session: AsyncSession, owner: SetupSession, wanted: PersonWanted, tenant: Tenant, settings: Settings
) -> tuple[SetupHandoff, bool]:
    if wanted.contact is not None:
        handoffs.keep_contact(owner, wanted.contact, tenants.cipher_of(tenant))
        await session.flush()
    return await handoffs.open_(
        session,
        owner,
        reason=Reason.USER_REQUESTED,
        step=None,
        code=None,
        actor=ACTOR,
        now=clock.now(),
        settings=settings,
        note=wanted.note,
    )


async def _done(
    work: Work, session: AsyncSession, request: Request, handoff_id: UUID, staff: StaffCaller, **more: Any
) -> dict[str, Any]:
    known = {"now": clock.now(), "settings": request.app.state.settings}
    handoff = await work(session, handoff_id, staff.name, **known, **more)
    tenant = await tenants.get(session, handoff.tenant_id)
    return desk_queue.listed(handoff, tenant.name, clock.now())


def _woken(session: AsyncSession, doorbell: Doorbell, told: dict[str, Any]) -> dict[str, Any]:
    """Whatever waits for an answer is the agent's again: what was given back to it, and what reached nobody yet."""
    after_commit(session, doorbell.after_commit(Bell.CHAT, told["session_id"]))
    return told


def _to_seller(handoff: SetupHandoff, locale: str) -> dict[str, Any]:
    """What people note for each other is none of it."""
    is_waited_for = handoff.state == HandoffState.OPEN
    return {
        **projected(handoff),
        "is_live": handoff.state in LIVE,
        "sentence": translate(SENTENCES[Reason(handoff.reason)], locale),
        "eta": eta_text(handoff.due_at, clock.now(), locale) if is_waited_for else None,
        "sent": handoff.package,
    }


def _record_read(session: AsyncSession, staff: StaffCaller, handoff: SetupHandoff) -> None:
    subject, actor = str(handoff.id), f"staff:{staff.name}"
    record(session, actor=actor, action="handoff.contact_read", subject=subject, tenant_id=handoff.tenant_id)
