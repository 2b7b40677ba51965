"""Which click a sale came from: identifiers first, in a fixed order, then the score against the tenant's threshold."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.matching import score
from tracking_core.matching.candidates import Candidate, Lookup, find
from tracking_core.models import TrackingKind
from tracking_core.pipeline.stages import Sale

SEPARATORS = re.compile(r"[|\s,;]+")
_TOKENS_MAX = 12
_OURS = re.compile(r"h[0-9A-Za-z]{21}")
_KEPT_CANDIDATES = 5
# Two different visitors this close in score cannot be told apart (one office, one carrier's NAT).
_AMBIGUITY = Decimal("0.05")
# A gateway's clock is not ours, and Kiwify tells whole minutes.
_CLOCKS = timedelta(minutes=5)


class Rule(StrEnum):
    CLICK_ID = "click_id"
    SESSION_ID = "session_id"
    EMAIL_HASH = "email_hash"
    PHONE_HASH = "phone_hash"
    SCORE = "score"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MatchResult:
    """``candidate`` is None when nothing matched; ``considered`` and ``missing`` explain the decision."""

    rule: Rule
    score: Decimal
    candidate: Candidate | None = None
    considered: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


async def match(session: AsyncSession, sales: Sequence[Sale]) -> list[MatchResult]:
    """A result for each sale, in order."""
    results: dict[int, MatchResult] = {}
    for rule in (Rule.CLICK_ID, Rule.SESSION_ID, Rule.EMAIL_HASH, Rule.PHONE_HASH):
        lookups = [one for n, sale in enumerate(sales) if n not in results for one in _lookups(rule, n, sale)]
        for n, found in (await find(session, rule.value, lookups)).items():
            best = _best(found)
            results[n] = MatchResult(rule, Decimal(1), best, _explained(found))
    waiting = [n for n in range(len(sales)) if n not in results]
    lookups = [
        Lookup(n, 0, sales[n].rules.tenant_id, ip, *_span(sales[n]))
        for n in waiting
        if (ip := sales[n].conversion.facts.get("buyer_ip"))
    ]
    weak = await find(session, "client_ip", lookups)
    for n in waiting:
        results[n] = _scored(sales[n], _visitors(weak.get(n, [])))
    return [results[n] for n in range(len(sales))]


def click_tokens(carriers: dict[str, str]) -> list[str]:
    """Every text that may be our click id: what has its form, then each carrier whole, then its parts."""
    tokens = [value.strip() for value in carriers.values()]
    tokens += [part for value in carriers.values() for part in SEPARATORS.split(value) if part]
    tokens.sort(key=lambda token: _OURS.fullmatch(token) is None)  # behind however many words of the seller's labels
    return list(dict.fromkeys(token for token in tokens if 0 < len(token) <= 128))[:_TOKENS_MAX]


def _lookups(rule: Rule, n: int, sale: Sale) -> list[Lookup]:
    conversion = sale.conversion
    match rule:
        case Rule.CLICK_ID | Rule.SESSION_ID:
            values: list[Any] = list(click_tokens(conversion.facts.get("carriers", {})))
        case Rule.EMAIL_HASH:
            values = [bytes.fromhex(value) for value in _as_list(conversion.user_data.get("em"))]
        case _:
            values = [bytes.fromhex(value) for value in _as_list(conversion.user_data.get("ph"))]
    span = _span(sale)
    return [Lookup(n, position, sale.rules.tenant_id, value, *span) for position, value in enumerate(values)]


def _span(sale: Sale) -> tuple[datetime, datetime]:
    """From when to when a click may have led to the sale: none that was made once it was paid."""
    conversion = sale.conversion
    ordered = conversion.facts.get("ordered_at")
    start = datetime.fromisoformat(ordered) if ordered else conversion.occurred_at
    paid = conversion.approved_at or conversion.occurred_at
    return start - timedelta(days=sale.rules.attribution_window_days), paid + _CLOCKS


def _best(found: Sequence[Candidate]) -> Candidate:
    """A person before a bot, a click before a page, then the order found (likeliest carrier, newest)."""
    return min(found, key=lambda one: (one.is_bot, one.kind != TrackingKind.CLICK))


def _visitors(found: Sequence[Candidate]) -> list[Candidate]:
    """The newest event of each: somebody who looks at many pages hides nobody."""
    return list({one.click_id: one for one in reversed(found)}.values())


def _scored(sale: Sale, found: Sequence[Candidate]) -> MatchResult:
    facts, conversion = sale.conversion.facts, sale.conversion
    signals = score.WeakSignals(
        at=conversion.approved_at or conversion.occurred_at,
        ip=facts.get("buyer_ip"),
        user_agent=facts.get("buyer_user_agent"),
        product_ids=tuple(one for one in (conversion.product_id, facts.get("offer_id")) if one),
        campaign=facts.get("utm", {}).get("campaign"),
    )
    rated = sorted(
        ((score.total(score.features(signals, one)), one) for one in found if not one.is_bot),
        key=lambda pair: pair[0],
        reverse=True,
    )
    considered = [
        {**_brief(one), "score": str(value), "features": score.features(signals, one)}
        for value, one in rated[:_KEPT_CANDIDATES]
    ]
    absent = score.missing(score.features(signals, rated[0][1])) if rated else ["candidates"]
    if not rated or rated[0][0] < sale.rules.match_threshold:
        return MatchResult(Rule.NONE, rated[0][0] if rated else Decimal(0), None, considered, absent)
    top, best = rated[0]
    rivals = [one for value, one in rated if top - value < _AMBIGUITY and one.click_id != best.click_id]
    if rivals:
        return MatchResult(Rule.NONE, top, None, considered, [*absent, "a_clear_winner"])
    return MatchResult(Rule.SCORE, top, best, considered, absent)


def _explained(found: Sequence[Candidate]) -> list[dict[str, Any]]:
    return [_brief(one) for one in found[:_KEPT_CANDIDATES]]


def _brief(one: Candidate) -> dict[str, Any]:
    return {
        "tracking_event_id": str(one.id),
        "kind": one.kind,
        "click_id": one.click_id,
        "received_at": one.received_at.isoformat(),
        "is_bot": bool(one.is_bot),
    }


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []
