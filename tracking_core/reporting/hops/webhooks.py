"""The webhooks: what the gateway said, when, and what each changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.models import Conversion
from tracking_core.reconciliation.origin import Origin
from tracking_core.reporting.sentences import Sentence, of

SAID = {
    SaleEventKind.ABANDONED_CART: "The gateway said that the cart was left behind.",
    SaleEventKind.PENDING: "The gateway said that the payment is awaited.",
    SaleEventKind.APPROVED: "The gateway said that the sale was paid.",
    SaleEventKind.COMPLETED: "The gateway said that the time for a refund is over.",
    SaleEventKind.REFUSED: "The gateway said that the payment was refused.",
    SaleEventKind.EXPIRED: "The gateway said that the payment was not made in time.",
    SaleEventKind.OVERDUE: "The gateway said that a payment is late.",
    SaleEventKind.PROTEST: "The gateway said that a refund was asked for.",
    SaleEventKind.REFUNDED: "The gateway said that the sale was refunded.",
    SaleEventKind.CHARGEBACK: "The gateway said that the sale was charged back.",
    SaleEventKind.SUBSCRIPTION_CANCELED: "The gateway said that the subscription was cancelled.",
    SaleEventKind.PLAN_SWITCHED: "The gateway said that the plan of the subscription was changed.",
    SaleEventKind.CHARGE_DATE_CHANGED: "The gateway said that the day of the next charge was changed.",
}
CHANGED = {
    "advanced": "That brought the sale forward.",
    "outdated": "Newer news had come before, so it only filled in what was missing.",
    "noted": "It was kept and changed nothing in the sale.",
}
UNKNOWN = "It is not known what that changed."
LISTED = "No webhook brought this: it was found in the platform's list of sales."
_ROWS = text("""
SELECT s.webhook_id, s.kind, s.occurred_at, w.received_at, w.processed_at, w.reason,
    b.webhook_id IS NOT NULL AS is_listed
FROM sale_events s JOIN received_webhooks w ON w.id = s.webhook_id
LEFT JOIN backfilled_items b ON b.webhook_id = s.webhook_id
WHERE s.conversion_id = :id ORDER BY w.received_at, s.id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTold:
    """``occurred_at`` is the gateway's word; ``changed`` is what the pipeline kept of it. Of ``origin`` reconciliation,
    it came from the gateway's list of sales and from no webhook."""

    webhook_id: UUID
    kind: SaleEventKind
    occurred_at: datetime
    received_at: datetime
    processed_at: datetime | None
    changed: str | None
    origin: Origin
    sentences: tuple[Sentence, ...]


async def webhooks_of(session: AsyncSession, conversion: Conversion) -> tuple[WebhookTold, ...]:
    """In the order they came. A repeat of one leaves no event of its own and is not told again."""
    rows = await session.execute(_ROWS, {"id": conversion.id})
    return tuple(
        WebhookTold(
            webhook_id=row.webhook_id,
            kind=SaleEventKind(row.kind),
            occurred_at=row.occurred_at,
            received_at=row.received_at,
            processed_at=row.processed_at,
            changed=row.reason,
            origin=Origin.RECONCILIATION if row.is_listed else Origin.WEBHOOK,
            sentences=_sentences(row),
        )
        for row in rows
    )


def _sentences(row: Row[Any]) -> tuple[Sentence, ...]:
    listed = (of(LISTED),) if row.is_listed else ()
    return (*listed, of(SAID[SaleEventKind(row.kind)]), of(CHANGED.get(row.reason, UNKNOWN)))
