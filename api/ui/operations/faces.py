"""Two faces of one console: an operator's over everybody, a seller's over their own shops.

A page is routed once for each face, and the face's dependency says who may come in and whose rows they see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import SessionDep
from api.ui import paths
from api.ui.visitor import OperatorDep, SignedInDep, Visitor, person
from tracking_core.errors import Forbidden, HubError, NotFound
from tracking_core.logging import lines_about
from tracking_core.models import Role, Tenant, User
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.tenants import service as tenants
from tracking_core.tenants.errors import TenantClosed
from tracking_core.users import service as users

SALES = f"{paths.APP}/sales"


class NoShop(NotFound):
    code = "no_shop"
    message = "No shop is yours yet. Ask whoever invited you."

    def __init__(self) -> None:
        super().__init__(what="shop")


@dataclass(frozen=True, slots=True)
class Face:
    """``base`` is where its tables are, ``ledger`` where the sales are."""

    base: str
    ledger: str
    is_operator: bool


OPERATOR = Face(paths.OPERATIONS, f"{paths.OPERATIONS}/sales", is_operator=True)
SELLER = Face(SALES, SALES, is_operator=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Who looks, through which face, at whose rows. Without a ``tenant`` it is everybody's, for an operator alone.
    ``own`` are the shops a seller may choose from."""

    face: Face
    who: Visitor
    tenant: Tenant | None
    own: Sequence[Tenant] = ()

    @property
    def scope(self) -> Scope:
        if self.tenant is not None:
            return Scope(self.tenant.id)
        if not self.face.is_operator:
            raise Forbidden
        return EVERYONE

    @property
    def actor(self) -> str:
        return person(self.who).actor

    def to(self, place: str, /, **asked: object) -> str:
        """A page of this face, of the same tenant. What is None or empty is not asked for."""
        base = self.face.ledger if place == "sales" else f"{self.face.base}/{place}"
        return base + self._query(asked)

    def sale(self, conversion_id: UUID) -> str:
        return f"{self.face.ledger}/{conversion_id}{self._query({})}"

    def _query(self, asked: dict[str, object]) -> str:
        is_named = self.face.is_operator or len(self.own) > 1
        tenant = {"tenant_id": self.tenant.id} if self.tenant is not None and is_named else {}
        given = {name: value for name, value in {**tenant, **asked}.items() if value not in (None, "")}
        return f"?{urlencode(given)}" if given else ""


async def operator_console(who: OperatorDep, session: SessionDep, request: Request) -> Console:
    """Of the tenant that is named, or of all. Raises Forbidden, NotFound."""
    named = await _named(request)
    tenant = await tenants.get(session, named) if named else None
    return Console(face=OPERATOR, who=who, tenant=tenant)


async def seller_console(who: SignedInDep, session: SessionDep, request: Request) -> Console:
    """Of the shop that is named, or of their first. Raises Forbidden for who is no seller, NotFound for another's,
    TenantClosed."""
    if person(who).role is not Role.SELLER:
        raise Forbidden
    own = await users.tenants_of(session, person(who).user)
    named = await _named(request)
    found = [tenant for tenant in own if named in (None, tenant.id)]
    if not found:
        raise await _why_none(session, person(who).user, own, named)
    return Console(face=SELLER, who=who, tenant=found[0], own=own)


async def _why_none(session: AsyncSession, user: User, own: Sequence[Tenant], named: UUID | None) -> HubError:
    """Somebody else's shop is none; one of theirs that was closed is said to be."""
    closed = await users.closed_of(session, user)
    if any(named in (None, tenant.id) for tenant in closed):
        return TenantClosed()
    return NotFound(what="tenant") if own else NoShop()


OperatorConsole = Annotated[Console, Depends(operator_console)]
SellerConsole = Annotated[Console, Depends(seller_console)]


async def through_operator(request: Request, console: OperatorConsole) -> None:
    _enter(request, console)


async def through_seller(request: Request, console: SellerConsole) -> None:
    _enter(request, console)


def _enter(request: Request, console: Console) -> None:
    request.state.console = console
    lines_about(console.tenant.id if console.tenant else None)


def _entered(request: Request) -> Console:
    """Set by the face through which the page was routed; a page routed through none answers nobody."""
    console: Console = request.state.console
    return console


ConsoleDep = Annotated[Console, Depends(_entered)]


async def _named(request: Request) -> UUID | None:
    """The tenant of the address, or of a form."""
    named = request.query_params.get("tenant_id") or await _in_form(request)
    if not named:
        return None
    try:
        return UUID(named)
    except ValueError:
        raise NotFound(what="tenant") from None


async def _in_form(request: Request) -> str:
    if request.method != "POST":
        return ""
    said = (await request.form()).get("tenant_id", "")
    return said if isinstance(said, str) else ""
