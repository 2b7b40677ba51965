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

_FORGET = (
    text("DELETE FROM gateway_sales WHERE tenant_id = :tenant AND sale_id = ANY(:sales)"),
    text("DELETE FROM backfilled_items WHERE tenant_id = :tenant AND sale_id = ANY(:sales)"),
)
_ANY = text("SELECT EXISTS (SELECT FROM erased_sales WHERE endpoint_id = :endpoint)")


async def forget_sales(session: AsyncSession, tenant_id: UUID, sale_ids: Sequence[str], now: datetime) -> int:
    """Erase what runs keep of these sales of the tenant and let none of them come back; how many rows went.

    Called by the erasure itself, in its transaction, with the ids of the sales it erases. Done twice is done.
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
    gone = 0
    for statement in _FORGET:
        done = await session.execute(statement, {"tenant": tenant_id, "sales": list(sale_ids)})
        gone += done.rowcount  # type: ignore[attr-defined]
    return gone


async def erased_among(
    session: AsyncSession, endpoint_id: UUID, cipher: TenantCipher, sale_ids: Collection[str]
) -> set[str]:
    """Those that were erased on request."""
    if not sale_ids or not (await session.execute(_ANY, {"endpoint": endpoint_id})).scalar_one():
        return set()
    by_fingerprint = {_fingerprint(cipher, sale): sale for sale in sale_ids}
    query = select(ErasedSale.fingerprint).where(
        col(ErasedSale.endpoint_id) == endpoint_id, col(ErasedSale.fingerprint).in_(by_fingerprint)
    )
    return {by_fingerprint[found] for found in (await session.scalars(query)).all()}


def _fingerprint(cipher: TenantCipher, sale_id: str) -> str:
    return cipher.fingerprint(f"erased_sale:{sale_id}".encode())
