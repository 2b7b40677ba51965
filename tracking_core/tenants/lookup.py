"""A tenant, and the cipher of what is kept for it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import NotFound
from tracking_core.models import Tenant
from tracking_core.secrets.keyring import TenantCipher, cipher_for


async def get(session: AsyncSession, tenant_id: UUID) -> Tenant:
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


def cipher_of(tenant: Tenant) -> TenantCipher:
    return cipher_for(tenant.id, tenant.wrapped_data_key)
