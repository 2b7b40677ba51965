"""One sale hop by hop, every hop in sentences of ours: what happened, why, what happens next and when.

Read from what each stage kept. Nothing of a person is told in clear: of the visitor, whether a datum was there.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.kit import clock
from tracking_core.models import Conversion, Match, Tenant
from tracking_core.reporting import sales
from tracking_core.reporting.hops.claim import Claim, claim_of
from tracking_core.reporting.hops.click import Click, click_of
from tracking_core.reporting.hops.consent import ConsentTold, consent_of
from tracking_core.reporting.hops.deliveries import DeliveryTold, deliveries_of
from tracking_core.reporting.hops.match import MatchTold, match_of
from tracking_core.reporting.hops.standing import Standing, standing_of
from tracking_core.reporting.hops.webhooks import WebhookTold, webhooks_of
from tracking_core.reporting.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSale:
    """In the order in which it happened; each hop has its facts and ``sentences`` that say them."""

    sale: sales.SaleRow
    click: Click
    webhooks: tuple[WebhookTold, ...]
    match: MatchTold
    claim: Claim
    consent: ConsentTold
    deliveries: tuple[DeliveryTold, ...]
    standing: Standing


async def explain(session: AsyncSession, scope: Scope, conversion_id: UUID) -> ExplainedSale | None:
    """None when no sale of the scope has this id."""
    sale = await sales.find(session, scope, conversion_id)
    if sale is None:
        return None
    now = clock.now()
    conversion = await session.get_one(Conversion, conversion_id)
    tenant = await session.get_one(Tenant, conversion.tenant_id)
    match = await session.get(Match, conversion_id)
    deliveries = await deliveries_of(session, conversion, now)
    return ExplainedSale(
        sale=sale,
        click=await click_of(session, conversion, match),
        webhooks=await webhooks_of(session, conversion),
        match=match_of(conversion, match),
        claim=await claim_of(session, conversion),
        consent=await consent_of(session, conversion, tenant, deliveries),
        deliveries=deliveries,
        standing=standing_of(sale, conversion, deliveries),
    )
