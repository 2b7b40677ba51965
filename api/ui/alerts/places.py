"""Where alerts are looked at and set up: by an operator for the whole hub or for a shop, by a seller for their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request

from api.deps import SessionDep
from api.ui import paths
from api.ui.operations.faces import SellerConsole
from api.ui.visitor import OperatorDep, Visitor, person
from tracking_core.models import Tenant
from tracking_core.tenants import service as tenants

OBJECTIVES: Final = f"{paths.OPERATIONS}/objectives"
HUB: Final = f"{OBJECTIVES}/settings"
SILENCES: Final = f"{paths.OPERATIONS}/silences"
OF_TENANT: Final = f"{paths.OPERATIONS}/tenants/{{tenant_id:uuid}}/alerts"
SELLER: Final = f"{paths.APP}/alerts"


def of_tenant(tenant_id: UUID) -> str:
    return f"{paths.OPERATIONS}/tenants/{tenant_id}/alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``tenant`` None: the whole hub. ``own`` are the shops that a seller may choose from."""

    who: Visitor
    tenant: Tenant | None
    base: str
    is_sellers: bool = False
    own: Sequence[Tenant] = ()

    @property
    def tenant_id(self) -> UUID | None:
        return self.tenant.id if self.tenant else None

    @property
    def actor(self) -> str:
        return person(self.who).actor

    def to(self, path: str = "", /, **asked: object) -> str:
        """A page or a form below this place. What is None or empty is not asked for."""
        named = {"tenant_id": self.tenant_id} if len(self.own) > 1 else {}
        given = {name: value for name, value in {**named, **asked}.items() if value not in (None, "")}
        return self.base + path + (f"?{urlencode(given)}" if given else "")


async def _hub(who: OperatorDep, request: Request) -> None:
    request.state.alerts_place = Place(who=who, tenant=None, base=HUB)


async def _of_tenant(tenant_id: UUID, who: OperatorDep, session: SessionDep, request: Request) -> None:
    """Raises NotFound."""
    tenant = await tenants.get(session, tenant_id)
    request.state.alerts_place = Place(who=who, tenant=tenant, base=of_tenant(tenant_id))


async def _seller(console: SellerConsole, request: Request) -> None:
    """Of the shop that is named, or of their first."""
    request.state.alerts_place = Place(
        who=console.who, tenant=console.tenant, base=SELLER, is_sellers=True, own=console.own
    )


def _entered(request: Request) -> Place:
    place: Place = request.state.alerts_place
    return place


through_hub, through_tenant, through_seller = Depends(_hub), Depends(_of_tenant), Depends(_seller)
PlaceDep = Annotated[Place, Depends(_entered)]
