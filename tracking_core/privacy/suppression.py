"""A sale that was erased stays so when its gateway speaks of it again: a repeat, a refund months later, a list.

What comes goes on without the person. It meets the row that stayed for the totals, by the keyed hash in the place of
the sale's id, and moves its status; the message itself is emptied. Nothing is sent, for what was claimed stays claimed
and a sale without a buyer is too little for Meta. A new purchase of the same person is a new sale, with whatever they
allow then.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.gateways.sale_event import Buyer, SaleEvent, Tracking
from tracking_core.models import Tenant
from tracking_core.pipeline.stages import Work
from tracking_core.privacy.person import hidden_id
from tracking_core.reconciliation.erasure import erased_among
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of

# Most hubs have erased nobody: then this is all that a batch costs.
_CONCERNED = text("""
SELECT t.id FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
WHERE EXISTS (SELECT FROM erased_sales e WHERE e.tenant_id = t.id)
""")
_EMPTY = text("UPDATE received_webhooks SET body = '' WHERE id = ANY(CAST(:webhooks AS uuid[]))")
_UNKEY = text("UPDATE privacy_webhook_keys SET keys = '{}' WHERE webhook_id = ANY(CAST(:webhooks AS uuid[]))")


async def without_the_erased(session: AsyncSession, batch: Sequence[Work]) -> None:
    """Take the person out of what the batch says of erased sales."""
    tenants = {work.rules.tenant_id for work in batch if _sale_of(work)}
    if not tenants:
        return
    for tenant_id in (await session.execute(_CONCERNED, {"tenants": list(tenants)})).scalars().all():
        cipher = cipher_of(await session.get_one(Tenant, tenant_id))
        await _bare(session, tenant_id, cipher, [work for work in batch if work.rules.tenant_id == tenant_id])


async def _bare(session: AsyncSession, tenant_id: UUID, cipher: TenantCipher, batch: Sequence[Work]) -> None:
    named = {sale for work in batch if (sale := _sale_of(work))}
    erased = await erased_among(session, tenant_id, cipher, named)
    emptied = [work for work in batch if _sale_of(work) in erased]
    for work in emptied:
        assert isinstance(work.said, SaleEvent)
        work.said = _without_person(work.said, cipher)
    if emptied:
        values = {"webhooks": [work.webhook_id for work in emptied]}
        await session.execute(_EMPTY, values)
        await session.execute(_UNKEY, values)


def _sale_of(work: Work) -> str | None:
    return work.said.sale_id if isinstance(work.said, SaleEvent) else None


def _without_person(said: SaleEvent, cipher: TenantCipher) -> SaleEvent:
    return replace(
        said,
        sale_id=hidden_id(cipher, said.sale_id or ""),
        external_event_id=hidden_id(cipher, said.external_event_id),
        parent_sale_id=None,
        subscription_id=None,
        buyer=Buyer(),
        tracking=Tracking(),
    )
