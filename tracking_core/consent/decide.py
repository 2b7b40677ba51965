"""May this person's sale or visit be told to Meta? Read when planning and again when sending."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy import column
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import Consent, ConsentMode

REFUSED = "consent_refused"
MISSING = "consent_missing"


class Concerned(Protocol):
    """What names a person and keeps what they said themselves: a sale, a browser event."""

    @property
    def consent_subjects(self) -> Sequence[UUID]: ...

    @property
    def consent_ads(self) -> bool | None: ...


async def refused_subjects(
    session: AsyncSession, tenant_ids: Iterable[UUID], subjects: Iterable[UUID]
) -> dict[UUID, set[UUID]]:
    """Which of the subjects say no today, by the tenant to whom they say it: to another they did not."""
    wanted, refused = set(subjects), dict[UUID, set[UUID]]({tenant_id: set() for tenant_id in tenant_ids})
    if not wanted:
        return refused
    query = select(col(Consent.tenant_id), col(Consent.subject)).where(
        Consent.tenant_id.in_(refused),  # type: ignore[attr-defined]
        Consent.subject.in_(wanted),  # type: ignore[attr-defined]
        column("granted").is_(False),
    )
    for tenant_id, subject in await session.execute(query):
        refused[tenant_id].add(subject)
    return refused


def objection(told: Concerned, mode: str, refused: set[UUID]) -> str | None:
    """Why it must not be sent, or None. A refusal by any identifier of the person counts; ``refused`` are those of its
    own tenant."""
    if refused.intersection(told.consent_subjects) or told.consent_ads is False:
        return REFUSED
    if mode == ConsentMode.OPT_IN and told.consent_ads is not True:
        return MISSING
    return None
