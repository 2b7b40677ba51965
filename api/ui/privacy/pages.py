"""Requests of people about their data: what there is, somebody's approval of just that, how far it is, the receipt.

An operator asks for any shop (``/ops/privacy``), a seller for their own (``/app/privacy``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Form
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import DoorbellDep, SessionDep
from api.ui import paths
from api.ui.operations.faces import Console, ConsoleDep, through_operator, through_seller
from api.ui.operations.sayings import Sayings
from api.ui.privacy.views import ENDED, Line, lines_of, percent_of
from api.ui.rendering import page
from api.ui.visitor import person
from tracking_core.db.engine import after_commit, transaction
from tracking_core.errors import Conflict, HubError
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import service
from tracking_core.privacy.errors import IdentifierMalformed, PlanChanged
from tracking_core.privacy.identifiers import IdentifierKind, identifier
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell

OPERATOR_BASE, SELLER_BASE = f"{paths.OPERATIONS}/privacy", f"{paths.APP}/privacy"
_requests = APIRouter()
_SEE_OTHER, _UNPROCESSABLE = 303, 422
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages of this face are."""

    console: Console

    def to(self, tail: str = "") -> str:
        """Of the same shop."""
        base = OPERATOR_BASE if self.console.face.is_operator else SELLER_BASE
        query = self.console.to("").partition("?")[2]
        return base + (f"/{tail}" if tail else "") + (f"?{query}" if query else "")

    @property
    def tenant_id(self) -> UUID | None:
        return self.console.scope.tenant_id


@_requests.get("")
async def list_requests(console: ConsoleDep, session: SessionDep) -> Response:
    """Newest first, and the form for a new one."""
    return await _listed(session, console)


@_requests.post("")
async def ask(
    console: ConsoleDep,
    session: SessionDep,
    kind: Annotated[str, Form(max_length=20)] = "",
    value: Annotated[str, Form(max_length=400)] = "",
    shop: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Look for everything of the person. Nothing is erased by it."""
    try:
        tenant = await _shop(session, console, shop)
        asked = identifier(kind, value, country=tenant.default_country)
    except IdentifierMalformed as wrong:
        return await _listed(session, console, kind=kind, shop=shop, wrong=wrong)
    row = await service.ask(session, tenant.id, asked, actor=console.actor, now=clock.now())
    return RedirectResponse(Place(console).to(str(row.id)), _SEE_OTHER)


@_requests.get("/{request_id:uuid}")
async def read_request(request_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    row = await service.find(session, request_id, tenant_id=console.scope.tenant_id)
    return await _shown(session, console, row)


@_requests.get("/{request_id:uuid}/progress")
async def read_progress(request_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    """The part of the page that changes."""
    row = await service.find(session, request_id, tenant_id=console.scope.tenant_id)
    return _page("progress", console, row=row, percent=percent_of(row), is_part=True)


@_requests.post("/{request_id:uuid}/approve")
async def approve(
    request_id: UUID, console: ConsoleDep, doorbell: DoorbellDep, plan_hash: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    """Just what was shown. If that is no longer so, what is so now is shown instead."""
    try:
        async with transaction() as session:
            row = await service.approve(
                session,
                console.scope.tenant_id,
                request_id,
                plan_hash=plan_hash,
                approved_by=person(console.who).user.name,
                actor=console.actor,
                now=clock.now(),
            )
            after_commit(session, doorbell.after_commit(Bell.PRIVACY, str(row.id)))
    except PlanChanged as changed:
        return await _planned_again(console, request_id, changed)
    return RedirectResponse(Place(console).to(str(request_id)), _SEE_OTHER)


@_requests.get("/{request_id:uuid}/receipt.json")
async def download_receipt(request_id: UUID, console: ConsoleDep, session: SessionDep) -> Response:
    row = await service.find(session, request_id, tenant_id=console.scope.tenant_id)
    body = orjson.dumps(row.receipt, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    name = f'attachment; filename="privacy-{row.id}.json"'
    return Response(body, media_type="application/json", headers={"Content-Disposition": name})


async def _planned_again(console: Console, request_id: UUID, changed: Conflict) -> Response:
    async with transaction() as session:
        await service.plan_again(session, console.scope.tenant_id, request_id, now=clock.now())
        row = await service.find(session, request_id, tenant_id=console.scope.tenant_id)
        return await _shown(session, console, row, changed=changed)


async def _shop(session: AsyncSession, console: Console, said: str) -> Tenant:
    """An operator names the shop; a seller's is that of the page. Raises NotFound."""
    if console.tenant is not None:
        return console.tenant
    try:
        named = UUID(said)
    except ValueError:
        raise ShopMissing from None
    return await tenants.get(session, named)


class ShopMissing(IdentifierMalformed):
    code = "privacy_shop_missing"
    message = "Choose the shop whose data this is about."


async def _listed(
    session: AsyncSession, console: Console, *, kind: str = "", shop: str = "", wrong: HubError | None = None
) -> Response:
    """The value that was typed is not shown again: it is somebody's."""
    rows = await service.newest(session, tenant_id=console.scope.tenant_id, limit=_SHOWN)
    known = await _named(session, [row.tenant_id for row in rows]) if console.tenant is None else {}
    offered = await service.shops(session) if console.tenant is None else []
    status = _UNPROCESSABLE if wrong else 200
    said = {"rows": rows, "names": known, "shops": offered, "kinds": list(IdentifierKind), "kind": kind, "shop": shop}
    return _page("requests", console, http_status=status, wrong=wrong, **said)


async def _named(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    return {one: (await tenants.get(session, one)).name for one in set(ids)}


async def _shown(
    session: AsyncSession, console: Console, row: PrivacyRequest, *, changed: Conflict | None = None
) -> Response:
    lines: list[Line] = lines_of(row)
    tenant = await tenants.get(session, row.tenant_id)
    is_ended = row.state in ENDED
    http_status = changed.status if changed else 200
    said = {"row": row, "lines": lines, "percent": percent_of(row), "changed": changed, "tenant": tenant}
    return _page("request", console, http_status=http_status, is_ended=is_ended, is_part=False, **said)


def _page(name: str, console: Console, *, http_status: int = 200, **context: Any) -> Response:
    say = Sayings(console.who.locale)
    known = {"console": console, "to": Place(console).to, "say": say, "states": PrivacyState, "now": clock.now()}
    return page(f"privacy/{name}.html", console.who, http_status=http_status, **known, **context)


router = APIRouter(include_in_schema=False)
router.include_router(_requests, prefix=OPERATOR_BASE, dependencies=[Depends(through_operator)])
router.include_router(_requests, prefix=SELLER_BASE, dependencies=[Depends(through_seller)])
