"""Whose setups somebody may see on the pages."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.inbox import Caller
from api.ui.visitor import Visitor, person
from tracking_core.errors import Forbidden, NotFound
from tracking_core.logging import lines_about
from tracking_core.models import Membership, Role, SetupSession, Tenant
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.tenants.errors import TenantClosed


class SellersOnly(Forbidden):
    code = "sellers_only"
    message = "Only the seller does this. Work on the case from the support desk."


async def setup_of(session: AsyncSession, who: Visitor, session_id: UUID) -> SetupSession:
    """The setup. Raises NotFound, for one of another's shop too: that it exists is nobody else's to know. Raises
    TenantClosed to whoever had it."""
    found = await session.get(SetupSession, session_id)
    if found is None or not await _may_see(session, who, found.tenant_id):
        raise NotFound(what="setup session")
    lines_about(found.tenant_id, found.id)
    return found


async def own_setup(session: AsyncSession, who: Visitor, session_id: UUID) -> SetupSession:
    """The setup, for the seller who changes something in it. Raises as ``setup_of``, and SellersOnly for our own
    people: what is decided and typed here is the seller's."""
    found = await setup_of(session, who, session_id)
    if person(who).role is not Role.SELLER:
        raise SellersOnly
    return found


async def shop_of(session: AsyncSession, who: Visitor, tenant_id: str) -> Tenant:
    """The shop. Raises NotFound, for another's too."""
    try:
        tenant = UUID(tenant_id)
    except ValueError:
        raise NotFound(what="tenant") from None
    if not await _may_see(session, who, tenant):
        raise NotFound(what="tenant")
    lines_about(tenant)
    return await tenants.get(session, tenant)


async def begun(session: AsyncSession, who: Visitor, tenant_id: str) -> SetupSession:
    """A new setup. Raises NotFound for a shop that is not theirs."""
    tenant = await shop_of(session, who, tenant_id)
    return await sessions.create(session, tenant.id, caller=tenant.id, actor=person(who).actor, locale=who.locale)


def caller_of(who: Visitor, setup: SetupSession) -> Caller:
    return Caller(tenant_id=setup.tenant_id, actor=person(who).actor)


async def _may_see(session: AsyncSession, who: Visitor, tenant_id: UUID) -> bool:
    if person(who).role is not Role.SELLER:
        return True
    theirs = await session.get(Membership, (person(who).user.id, tenant_id))
    if theirs is not None and theirs.ended_at is not None:
        raise TenantClosed
    return theirs is not None
