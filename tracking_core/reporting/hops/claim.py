"""The gate that a sale passes once: whether this is the copy Meta may hear of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Conversion, Decision, DedupeEntry
from tracking_core.reporting.sentences import Sentence, of

UNCLAIMED = "The sale is not paid, so its id was not claimed yet."
FIRST = "On {at} this sale was the first with its id, so it is the one Meta may hear of."
DUPLICATE = "The same sale had already come through another webhook address, so this copy is not sent."
BY_OTHER = "The copy that counts came on {at}."
_OTHER = text("""
SELECT id, created_at FROM conversions
WHERE event_id = :event AND tenant_id = :tenant AND id <> :id AND decision <> 'duplicate' ORDER BY created_at LIMIT 1
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """``held_by`` is the sale that has the id: this one, or of a duplicate the other."""

    event_id: UUID
    claimed_at: datetime | None = None
    held_by: UUID | None = None
    sentences: tuple[Sentence, ...]


async def claim_of(session: AsyncSession, conversion: Conversion) -> Claim:
    event_id = conversion.event_id
    if conversion.decision == Decision.UNDECIDED:
        return Claim(event_id=event_id, sentences=(of(UNCLAIMED),))
    entry = await session.get(DedupeEntry, (conversion.tenant_id, event_id))
    claimed_at = entry.claimed_at if entry else None
    if conversion.decision != Decision.DUPLICATE:
        first = of(FIRST, at=claimed_at or conversion.created_at)
        return Claim(event_id=event_id, claimed_at=claimed_at, held_by=conversion.id, sentences=(first,))
    values = {"event": event_id, "tenant": conversion.tenant_id, "id": conversion.id}
    other = (await session.execute(_OTHER, values)).first()
    told = (of(DUPLICATE), of(BY_OTHER, at=other.created_at)) if other else (of(DUPLICATE),)
    return Claim(event_id=event_id, claimed_at=claimed_at, held_by=other.id if other else None, sentences=told)
