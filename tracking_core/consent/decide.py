"""May this person's sale be told to Meta? Read when planning and again when sending."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import column
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import Consent, ConsentMode, Conversion

REFUSED = "consent_refused"
MISSING = "consent_missing"


async def refused_subjects(session: AsyncSession, tenant_ids: Iterable[UUID], subjects: Iterable[UUID]) -> set[UUID]:
    """Which of the subjects say no today."""
    wanted = set(subjects)
    if not wanted:
        return set()
    query = select(col(Consent.subject)).where(
        Consent.tenant_id.in_(set(tenant_ids)),  # type: ignore[attr-defined]
        Consent.subject.in_(wanted),  # type: ignore[attr-defined]
        column("granted").is_(False),
    )
    return set((await session.scalars(query)).all())


def objection(conversion: Conversion, mode: str, refused: set[UUID]) -> str | None:
    """Why the sale must not be sent, or None. A refusal by any identifier of the person counts."""
    if refused.intersection(conversion.consent_subjects) or conversion.consent_ads is False:
        return REFUSED
    if mode == ConsentMode.OPT_IN and conversion.consent_ads is not True:
        return MISSING
    return None
