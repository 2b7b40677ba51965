"""What routes ask for. ``scope="function"`` commits before the answer leaves: a failed commit is a failed response."""

from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from api.inbox import Caller
from tracking_core.db.engine import transaction
from tracking_core.errors import Unauthorized
from tracking_core.models import ApiKeyKind, Tenant
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Doorbell


async def _session() -> AsyncIterator[AsyncSession]:
    async with transaction() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]


async def _tenant(request: Request, session: SessionDep) -> Tenant:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Unauthorized
    tenant = await tenants.by_key(session, key.strip(), ApiKeyKind.SECRET)
    structlog.contextvars.bind_contextvars(tenant_id=str(tenant.id))
    return tenant


TenantDep = Annotated[Tenant, Depends(_tenant)]


async def caller(request: Request) -> Caller:
    """In a transaction of its own, for routes that wait or stream: none is held meanwhile."""
    async with transaction() as session:
        tenant = await _tenant(request, session)
    return Caller(tenant_id=tenant.id, actor="tenant_api")


CallerDep = Annotated[Caller, Depends(caller)]


def _doorbell(request: Request) -> Doorbell:
    doorbell: Doorbell = request.app.state.doorbell
    return doorbell


DoorbellDep = Annotated[Doorbell, Depends(_doorbell)]
