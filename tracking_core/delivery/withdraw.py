"""Take back what has not been sent: a sale refunded before Meta heard of it is no purchase."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import OPEN_STATES, UNDONE_STATUSES, Conversion, Delivery, DeliveryState


async def withdraw_refunded(session: AsyncSession, conversions: Sequence[Conversion]) -> None:
    """Withhold open deliveries of undone sales, unless an attempt may already have arrived or is under way."""
    undone = [one for one in conversions if one.status in UNDONE_STATUSES]
    for conversion in undone:
        await session.execute(
            update(Delivery)
            .where(
                Delivery.conversion_id == conversion.id,  # type: ignore[arg-type]
                Delivery.state.in_(OPEN_STATES),  # type: ignore[attr-defined]
                Delivery.lease_id == None,  # type: ignore[arg-type]  # noqa: E711
                Delivery.first_ambiguous_at == None,  # type: ignore[arg-type]  # noqa: E711
            )
            .values(state=DeliveryState.WITHHELD, reason=f"{conversion.status}_before_delivery")
        )
