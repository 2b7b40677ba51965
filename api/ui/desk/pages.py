"""The support desk: the queue, a case, and what a case shows on being asked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.desk import actions
from api.ui.desk.case import case_of
from api.ui.desk.queue import EMPTY, FILTERS, Filter, queue_page
from api.ui.desk.showing import Act, case_page, notice_of
from api.ui.rendering import page
from api.ui.visitor import SupportDep, person
from tracking_core.audit.service import record
from tracking_core.handoff import presence
from tracking_core.handoff import service as handoffs
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.tenants import service as tenants

router = APIRouter(prefix=paths.DESK, include_in_schema=False)
router.include_router(actions.router)


@router.get("")
async def queue(
    who: SupportDep,
    session: SessionDep,
    show: Annotated[Filter, Query()] = Filter.WAITING,
    after: Annotated[UUID | None, Query()] = None,
    hx_request: Annotated[str, Header()] = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The queue, the most pressing first. Asked for by the page itself: its list alone, or that nothing is new."""
    now = clock.now()
    shown = await queue_page(session, show, person(who).user.name, after=after, now=now, locale=who.locale)
    mark = f'W/"{shown.mark}"'  # the same in whatever encoding it is sent
    headers = {"ETag": mark, "Vary": "HX-Request, Cookie"}
    if hx_request and if_none_match == mark:
        return Response(status_code=304, headers=headers)
    found = page(
        "desk/rows.html" if hx_request else "desk/queue.html",
        who,
        queue=shown,
        show=show,
        after=after,
        filters={one: translate(label, who.locale) for one, label in FILTERS.items()},
        empty=translate(EMPTY[show], who.locale),
        now=now.isoformat(),
    )
    found.headers.update(headers)
    return found


@router.get("/{handoff_id}")
async def case(
    handoff_id: UUID,
    who: SupportDep,
    session: SessionDep,
    request: Request,
    done: Annotated[Act | None, Query()] = None,
    asked: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Everything about it on one screen, but how to reach the seller."""
    handoff, _ = await case_of(session, handoff_id)
    notice = await notice_of(session, handoff.session_id, done, asked, who.locale)
    return await case_page(session, request, who, handoff_id, notice=notice)


@router.post("/{handoff_id}/presence")
async def look(handoff_id: UUID, who: SupportDep, session: SessionDep) -> Response:
    """They still look at it; who else does."""
    await case_of(session, handoff_id)
    others = await presence.look(session, handoff_id, person(who).user.id, now=clock.now())
    return page("desk/presence.html", who, others=others)


@router.post("/{handoff_id}/contact")
async def show_contact(handoff_id: UUID, who: SupportDep, session: SessionDep, request: Request) -> Response:
    """How to reach the seller. That it was read is on record, under the reader's name."""
    handoff, owner = await case_of(session, handoff_id)
    tenant = await tenants.get(session, handoff.tenant_id)
    contact = handoffs.contact_of(owner, tenants.cipher_of(tenant))
    if contact is not None:
        actor, subject = f"staff:{person(who).user.name}", str(handoff.id)
        record(session, actor=actor, action="handoff.contact_read", subject=subject, tenant_id=handoff.tenant_id)
    return await case_page(session, request, who, handoff_id, contact=contact)
