"""Later charges of a subscription, where the gateway's list does not tell them from first sales: the ledger is asked.

A sale that only the list brought is a renewal when the same buyer (e-mail or phone) paid for the same product more than
a day before, in a sale that a webhook told to be of a subscription and that stands. That is an inference: who ends a
subscription and subscribes anew is one too, and a renewal whose first sale no webhook brought stays a purchase.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.gateways.sales_api import SalesApi, SilentOfRenewals, sales_api_of
from tracking_core.models import ConversionStatus, ReconciliationRun
from tracking_core.pipeline.conversions import buyer_subjects
from tracking_core.reconciliation.reading import ListedSale, written
from tracking_core.settings import get_settings

# Twice on one day is bought twice.
_EARLIER = text("""
SELECT DISTINCT ON (n.sale_id) n.sale_id, c.facts ->> 'subscription_id' AS subscription_id
FROM unnest(CAST(:sales AS text[]), CAST(:subjects AS uuid[]), CAST(:products AS text[]),
    CAST(:ordered AS timestamptz[])) AS n(sale_id, subject, product_id, ordered_at)
JOIN conversions c ON c.consent_subjects @> ARRAY[n.subject] AND c.tenant_id = :tenant AND c.gateway = :gateway
    AND c.product_id = n.product_id AND c.sale_id <> n.sale_id AND c.status = 'approved' AND NOT c.is_synthetic
    AND c.facts ->> 'subscription_id' IS NOT NULL AND c.approved_at < n.ordered_at - interval '1 day'
ORDER BY n.sale_id, c.approved_at DESC
""")
_COUNTED = text("""
SELECT count(*) FILTER (WHERE c.is_renewal) AS known, count(*) FILTER (WHERE NOT c.is_renewal) AS untold
FROM backfilled_items b JOIN conversions c ON c.endpoint_id = b.endpoint_id AND c.sale_id = b.sale_id
WHERE b.run_id = :run AND b.reason = 'missing'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewals:
    """Of the sales that only the list brought: ``known`` to be renewals by the ledger, and ``untold``, which count as
    purchases and may have renewals among them."""

    known: int
    untold: int


async def marked(
    session: AsyncSession,
    run: ReconciliationRun,
    api: SalesApi,
    country: str,
    listed: Sequence[ListedSale],
    here: Collection[str],
) -> list[ListedSale]:
    """The same sales in the same order; of those that are not ``here`` yet, renewals as the gateway's webhook tells of
    them. ``country`` completes a phone."""
    if not isinstance(api, SilentOfRenewals):
        return list(listed)
    new = [one for one in listed if one.sale_id not in here and one.status is ConversionStatus.APPROVED]
    subscriptions = await _subscriptions(session, run, country, new)
    return [_renewed(api, one, subscriptions[one.sale_id]) if one.sale_id in subscriptions else one for one in listed]


async def counted(session: AsyncSession, run_id: UUID, gateway: str) -> Renewals | None:
    """None where the list tells them itself."""
    if not isinstance(sales_api_of(gateway, get_settings()), SilentOfRenewals):
        return None
    row = (await session.execute(_COUNTED, {"run": run_id})).one()
    return Renewals(known=row.known, untold=row.untold)


async def _subscriptions(
    session: AsyncSession, run: ReconciliationRun, country: str, new: Sequence[ListedSale]
) -> dict[str, str]:
    """By sale, the subscription that its buyer has for its product."""
    asked = [
        (one.sale_id, subject, one.said.product_id, one.ordered_at)
        for one in new
        if one.said.product_id
        for subject in buyer_subjects(one.said, country)
    ]
    if not asked:
        return {}
    sales, subjects, products, ordered = map(list, zip(*asked, strict=True))
    values = {"sales": sales, "subjects": subjects, "products": products, "ordered": ordered}
    rows = await session.execute(_EARLIER, {**values, "tenant": run.tenant_id, "gateway": run.gateway})
    return {row.sale_id: row.subscription_id for row in rows}


def _renewed(api: SilentOfRenewals, one: ListedSale, subscription_id: str) -> ListedSale:
    return replace(one, body=written(api.as_renewal(orjson.loads(one.body), subscription_id)))
