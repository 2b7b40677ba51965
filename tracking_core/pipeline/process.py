"""The sale's whole way, stage by stage, for a batch of webhooks in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.consent.decide import MISSING, refused_subjects
from tracking_core.consent.decide import objection as consent_objection
from tracking_core.consent.subjects import subjects_of
from tracking_core.db import bulk
from tracking_core.db.engine import after_commit
from tracking_core.deduplication.claim import claim
from tracking_core.delivery import plan as delivery_plan
from tracking_core.delivery.withdraw import withdraw_refunded
from tracking_core.gateways.sale_event import Ignored, SaleEvent
from tracking_core.matching.answers import newest_answers
from tracking_core.matching.match import MatchResult, click_tokens, match
from tracking_core.models import Conversion, Decision, Match, MetaConnection, WebhookState
from tracking_core.pipeline import traces
from tracking_core.pipeline.conversions import PAID, advance
from tracking_core.pipeline.load import load_due
from tracking_core.pipeline.stages import Sale, Work
from tracking_core.pipeline.undone import undone_meanwhile
from tracking_core.privacy.suppression import without_the_erased
from tracking_core.settings import Settings

_CLOSE = """
UPDATE received_webhooks w SET state = u.state, reason = u.reason, processed_at = :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS u(id, state, reason)
WHERE w.id = u.id
"""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How many webhooks were handled, and which connections now have something to send."""

    handled: int
    connections: frozenset[UUID]


async def process_sales(session: AsyncSession, now: datetime, settings: Settings, *, limit: int) -> BatchResult:
    """normalise -> advance -> match -> claim -> consent -> plan, every decision stored with its reason."""
    with traces.timeline() as line:
        with traces.stage(traces.NORMALIZE):
            batch = await load_due(session, now, limit=limit)
            await without_the_erased(session, batch)
        if not batch:
            return BatchResult(0, frozenset())
        with session.no_autoflush:  # a conversion changes at every stage and is written once
            result = await _through_the_stages(session, batch, now, settings)
    after_commit(session, lambda: traces.tell(line, [(work, _end(work)[0].value) for work in batch]))
    return result


async def _through_the_stages(
    session: AsyncSession, batch: Sequence[Work], now: datetime, settings: Settings
) -> BatchResult:
    sales = await advance(session, batch, now)
    undecided = [sale for sale in sales if sale.conversion.decision == Decision.UNDECIDED]
    unmatched = await attribute(session, undecided, now)
    due = [sale for sale in sales if is_to_decide(sale.conversion)]
    late = _late_clicks([sale for sale in due if sale.conversion.id in unmatched], now, settings)
    connections = await decide(session, due, now, hold_back=late)
    undone = await undone_meanwhile(session, sales, now)
    await withdraw_refunded(session, [*(sale.conversion for sale in sales), *undone])
    await _close(session, batch, now)
    return BatchResult(len(batch), connections)


async def attribute(session: AsyncSession, sales: Sequence[Sale], now: datetime) -> set[UUID]:
    """Match the sales, keep the explanation, and take what the click knows; the conversions that found no click."""
    if not sales:
        return set()
    with traces.stage(traces.MATCH):
        results = await match(session, sales)
        answers = await newest_answers(session, sales, results)
    rows = [_match_row(sale, result, now) for sale, result in zip(sales, results, strict=True)]
    replacing = bulk.replacing("conversion_id", [name for name in rows[0] if name != "conversion_id"])
    await bulk.insert(session, Match, rows, conflict=replacing)
    for n, (sale, result) in enumerate(zip(sales, results, strict=True)):
        traces.matched(sale.conversion, result)
        if click := result.candidate:
            conversion = sale.conversion
            delivery_plan.enrich(conversion, click)
            named = subjects_of(click_id=click.click_id, session_id=click.session_id)
            conversion.consent_subjects = sorted({*conversion.consent_subjects, *named}, key=str)
            conversion.consent_ads = answers.get(n, conversion.consent_ads)
    return {sale.conversion.id for sale, result in zip(sales, results, strict=True) if result.candidate is None}


async def decide(
    session: AsyncSession, sales: Sequence[Sale], now: datetime, *, hold_back: dict[UUID, timedelta]
) -> frozenset[UUID]:
    """Claim, ask for consent, plan; the connections that got deliveries. ``hold_back`` is how long a late click may
    still come, by conversion: a sale that lacks but the consent that comes with it stays undecided so long."""
    if not sales:
        return frozenset()
    await _connect(session, sales)
    with traces.stage(traces.CONSENT):
        refused = await _refused(session, sales)
    for sale in sales:
        grace = hold_back.get(sale.conversion.id)
        sale.conversion.rematch_at = now + grace if grace else None
    sales = [sale for sale in sales if not (sale.conversion.rematch_at and _lacks_but_consent(sale, refused, now))]
    with traces.stage(traces.DEDUPE):
        claimed = await claim(session, [sale.conversion for sale in sales], now)
    planned = []
    for sale in sales:
        decision, reason = _decision(sale, sale.conversion.id in claimed, refused, now)
        sale.conversion.decision, sale.conversion.decision_reason = decision, reason
        traces.decided(sale.conversion)
        if decision is Decision.PLANNED:
            planned.append(sale)
        else:
            sale.conversion.rematch_at = None
    with traces.stage(traces.PLAN):
        await delivery_plan.plan(session, planned, now, hold_back=hold_back)
    return frozenset(one.id for sale in planned for one in sale.enabled)


def is_to_decide(conversion: Conversion) -> bool:
    return conversion.status in PAID and conversion.decision == Decision.UNDECIDED


async def _refused(session: AsyncSession, sales: Sequence[Sale]) -> dict[UUID, set[UUID]]:
    tenants = {sale.conversion.tenant_id for sale in sales}
    return await refused_subjects(session, tenants, [one for sale in sales for one in sale.conversion.consent_subjects])


def _lacks_but_consent(sale: Sale, refused: dict[UUID, set[UUID]], now: datetime) -> bool:
    """A proof is answered at once."""
    conversion = sale.conversion
    is_missing = consent_objection(conversion, sale.rules.consent_mode, refused[conversion.tenant_id]) == MISSING
    return is_missing and not conversion.is_synthetic and delivery_plan.objection(sale, now) is None


def _decision(
    sale: Sale, is_claimed: bool, refused: dict[UUID, set[UUID]], now: datetime
) -> tuple[Decision, str | None]:
    if not is_claimed:
        return Decision.DUPLICATE, "event_id_already_claimed"
    reason = consent_objection(sale.conversion, sale.rules.consent_mode, refused[sale.conversion.tenant_id])
    reason = reason or delivery_plan.objection(sale, now)
    return (Decision.WITHHELD, reason) if reason else (Decision.PLANNED, None)


async def _connect(session: AsyncSession, sales: Sequence[Sale]) -> None:
    tenants = {sale.conversion.tenant_id for sale in sales}
    query = select(MetaConnection).where(MetaConnection.tenant_id.in_(tenants))  # type: ignore[attr-defined]
    connections = (await session.scalars(query)).all()
    for sale in sales:
        own = [one for one in connections if one.tenant_id == sale.conversion.tenant_id]
        if sale.conversion.is_synthetic:
            own = [one for one in own if sale.announced and one.id == sale.announced.connection_id]
        sale.connections = own


def _late_clicks(unmatched: Sequence[Sale], now: datetime, settings: Settings) -> dict[UUID, timedelta]:
    """A sale that names a click we have not seen waits a little for it, then goes as it is. One that waits already
    waits no longer for being spoken of again."""
    grace = timedelta(seconds=settings.late_click_grace_seconds)
    naming = [one.conversion for one in unmatched if click_tokens(one.conversion.facts.get("carriers", {}))]
    return {one.id: max(one.rematch_at - now, timedelta()) if one.rematch_at else grace for one in naming}


def _match_row(sale: Sale, result: MatchResult, now: datetime) -> dict[str, object]:
    return {
        "conversion_id": sale.conversion.id,
        "tenant_id": sale.conversion.tenant_id,
        "rule": result.rule,
        "score": result.score,
        "threshold": sale.rules.match_threshold,
        "tracking_event_id": result.candidate.id if result.candidate else None,
        "click_id": result.candidate.click_id if result.candidate else None,
        "candidates": result.considered,
        "missing": result.missing,
        "matched_at": now,
    }


async def _close(session: AsyncSession, batch: Sequence[Work], now: datetime) -> None:
    """Mark the webhooks done, each with what it led to."""
    states, reasons = map(list, zip(*[_end(work) for work in batch], strict=True))
    ids = [work.webhook_id for work in batch]
    await session.execute(text(_CLOSE), {"ids": ids, "states": states, "reasons": reasons, "now": now})


def _end(work: Work) -> tuple[WebhookState, str]:
    match work.said:
        case SaleEvent():
            return WebhookState.PROCESSED, work.outcome
        case Ignored(reason=reason, event=event):
            return WebhookState.IGNORED, f"{reason}:{event}" if event else reason.value
        case unreadable:
            return WebhookState.UNREADABLE, unreadable
