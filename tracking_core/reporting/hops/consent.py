"""Consent: what was recorded, what the settings ask for, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.consent.decide import MISSING, REFUSED, objection
from tracking_core.models import ConsentMode, Conversion, Decision, Tenant
from tracking_core.reporting.hops.deliveries import DeliveryTold
from tracking_core.reporting.sentences import Sentence, of

RECORDED = {
    True: "The buyer's yes to the use of their data for ads was recorded with the visit.",
    False: "The buyer's no to the use of their data for ads was recorded with the visit.",
    None: "Nothing about the use of the buyer's data for ads was recorded with the sale.",
}
MODES = {
    ConsentMode.OPT_OUT: "The settings send whatever was not refused.",
    ConsentMode.OPT_IN: "The settings send only what was agreed to.",
}
REFUSED_AT = "On {at} this person refused, by one of their identifiers."
UNDECIDED = "This is decided when the sale is paid."
UNHEARD = "This is decided when the click that the sale names has come, or is awaited no longer."
ALLOWED = "So consent did not stand in the way."
STOPPED = {
    REFUSED: "So the sale was not sent: the buyer had refused.",
    MISSING: "So the sale was not sent: there was no yes.",
}
STOPPED_LATER = "When it was to be sent, this was asked again, and by then the buyer had refused."
NOT_REACHED = "Another copy of the sale counts, so nothing had to be decided."
_REFUSALS = text("""
SELECT max(changed_at) FROM consents
WHERE tenant_id = :tenant AND NOT granted AND subject = ANY(CAST(:subjects AS uuid[]))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTold:
    """``reason`` is why the sale was not sent, if consent was it; ``objection_today`` what would stop it now."""

    recorded: bool | None
    mode: str
    refused_at: datetime | None
    reason: str | None
    objection_today: str | None
    sentences: tuple[Sentence, ...]


async def consent_of(
    session: AsyncSession, conversion: Conversion, tenant: Tenant, deliveries: Sequence[DeliveryTold]
) -> ConsentTold:
    values = {"tenant": tenant.id, "subjects": conversion.consent_subjects}
    refused_at = (await session.execute(_REFUSALS, values)).scalar_one()
    refused = set(conversion.consent_subjects) if refused_at else set()
    is_stopped = any(one.reason == REFUSED for one in deliveries)
    early = conversion.decision_reason if conversion.decision_reason in STOPPED else None
    told = [of(RECORDED[conversion.consent_ads]), of(MODES[ConsentMode(tenant.consent_mode)])]
    if refused_at:
        told.append(of(REFUSED_AT, at=refused_at))
    told.append(_outcome(conversion, early, is_stopped))
    return ConsentTold(
        recorded=conversion.consent_ads,
        mode=tenant.consent_mode,
        refused_at=refused_at,
        reason=early or (REFUSED if is_stopped else None),
        objection_today=objection(conversion, tenant.consent_mode, refused),
        sentences=tuple(told),
    )


def _outcome(conversion: Conversion, early: str | None, is_stopped: bool) -> Sentence:
    if conversion.decision == Decision.UNDECIDED:
        return of(UNHEARD if conversion.rematch_at else UNDECIDED)
    if conversion.decision == Decision.DUPLICATE:
        return of(NOT_REACHED)
    if early:
        return of(STOPPED[early])
    return of(STOPPED_LATER) if is_stopped else of(ALLOWED)
