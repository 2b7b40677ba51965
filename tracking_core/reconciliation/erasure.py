"""What is erased on request stays erased: the gateway still lists the sale, and no run may bring it back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db import bulk
from tracking_core.models import ErasedSale, WebhookEndpoint
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of, get

_ANY = text("SELECT EXISTS (SELECT FROM erased_sales WHERE tenant_id = :tenant)")


async def forget_sales(session: AsyncSession, tenant_id: UUID, sale_ids: Sequence[str], now: datetime) -> None:
    """Let none of these sales of the tenant come back. What runs keep of them is erased by the erasure's own steps.

    Called by the erasure itself, in its transaction, before these. Done twice is done.
    """
    cipher = cipher_of(await get(session, tenant_id))
    query = select(WebhookEndpoint.id).where(col(WebhookEndpoint.tenant_id) == tenant_id)
    endpoints = (await session.scalars(query)).all()
    rows = [
        {"endpoint_id": endpoint, "fingerprint": _fingerprint(cipher, sale), "tenant_id": tenant_id, "erased_at": now}
        for endpoint in endpoints
        for sale in sorted(set(sale_ids))
    ]
    await bulk.insert(session, ErasedSale, rows)


async def erased_among(
    session: AsyncSession, tenant_id: UUID, cipher: TenantCipher, sale_ids: Collection[str]
) -> set[str]:
    """Those of the tenant that were erased on request, whichever endpoint tells of them now."""
    if not sale_ids or not (await session.execute(_ANY, {"tenant": tenant_id})).scalar_one():
        return set()
    by_fingerprint = {_fingerprint(cipher, sale): sale for sale in sale_ids}
    query = select(ErasedSale.fingerprint).where(
        col(ErasedSale.tenant_id) == tenant_id, col(ErasedSale.fingerprint).in_(by_fingerprint)
    )
    return {by_fingerprint[found] for found in (await session.scalars(query)).all()}


def _fingerprint(cipher: TenantCipher, sale_id: str) -> str:
    return cipher.fingerprint(f"erased_sale:{sale_id}".encode())
