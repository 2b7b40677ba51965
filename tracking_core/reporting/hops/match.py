"""The match: the rule, every candidate considered and why it won or lost, what was missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tracking_core.matching.match import Rule
from tracking_core.matching.score import WEIGHTS
from tracking_core.models import Conversion, Match, TrackingKind
from tracking_core.reporting.sentences import Sentence, of

NOT_YET = "The sale was not matched yet."
RULES = {
    Rule.CLICK_ID: "The checkout gave back the id of the click itself, so there is no doubt.",
    Rule.SESSION_ID: "The checkout gave back the id of the visit, so there is no doubt.",
    Rule.EMAIL_HASH: "The buyer's e-mail is the one a visitor of the page had given.",
    Rule.PHONE_HASH: "The buyer's phone is the one a visitor of the page had given.",
    Rule.SCORE: "No identifier was found again. The signals together reach {score}, and {threshold} is enough.",
}
NOBODY = "No identifier was found again, and there was no visit to compare with."
TOO_WEAK = "No identifier was found again. The best visit reaches {score}, and {threshold} is needed."
UNCLEAR = "No identifier was found again, and two visitors are equally likely, so none was chosen."
AGAIN = "The link names a click that has not come yet; the match is tried again on {at}."
WON = "This is the one."
BOT = "A robot: a person's visit goes before it."
ONLY_PAGE = "A page that was opened: a click goes before it."
OLDER = "Another one is newer or has the likelier identifier."
LOWER = "Its score of {score} is lower."
BELOW = "Its score of {score} does not reach {threshold}."
TIED = "It cannot be told from another visitor's."
MISSING = {
    "ip": "The network address is missing on one side.",
    "user_agent": "The browser's name is missing on one side.",
    "product": "The gateway did not name the product.",
    "campaign": "The campaign is missing on one side.",
    "candidates": "There was no visit to compare with.",
    "a_clear_winner": "No visit was clearly ahead of the others.",
}
_CLEAR_WINNER = "a_clear_winner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """``value`` is 0 to 1; times ``weight`` it is what it adds to the score."""

    name: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateTold:
    """``score`` and ``features`` only where the signals decided."""

    tracking_event_id: UUID
    kind: str
    click_id: str | None
    received_at: datetime
    is_bot: bool
    score: Decimal | None
    features: tuple[Feature, ...]
    has_won: bool
    verdict: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchTold:
    """``missing`` names what could not be compared, in words in ``lacking``."""

    rule: str | None = None
    score: Decimal | None = None
    threshold: Decimal | None = None
    matched_at: datetime | None = None
    candidates: tuple[CandidateTold, ...] = ()
    missing: tuple[str, ...] = ()
    lacking: tuple[Sentence, ...] = ()
    sentences: tuple[Sentence, ...]


def match_of(conversion: Conversion, match: Match | None) -> MatchTold:
    again = (of(AGAIN, at=conversion.rematch_at),) if conversion.rematch_at else ()
    if match is None:
        return MatchTold(sentences=(of(NOT_YET), *again))
    return MatchTold(
        rule=match.rule,
        score=match.score,
        threshold=match.threshold,
        matched_at=match.matched_at,
        candidates=tuple(_candidate(one, match) for one in match.candidates),
        missing=tuple(match.missing),
        lacking=tuple(of(MISSING[name]) for name in match.missing if name in MISSING),
        sentences=(_decision(match), *again),
    )


def _decision(match: Match) -> Sentence:
    if match.rule != Rule.NONE:
        return of(RULES[Rule(match.rule)], **_numbers(match))
    if not match.candidates:
        return of(NOBODY)
    return of(UNCLEAR) if _CLEAR_WINNER in match.missing else of(TOO_WEAK, **_numbers(match))


def _numbers(match: Match) -> dict[str, Decimal]:
    return {"score": match.score, "threshold": match.threshold} if match.rule in (Rule.SCORE, Rule.NONE) else {}


def _candidate(one: Mapping[str, Any], match: Match) -> CandidateTold:
    has_won = one["tracking_event_id"] == str(match.tracking_event_id)
    return CandidateTold(
        tracking_event_id=UUID(one["tracking_event_id"]),
        kind=one["kind"],
        click_id=one["click_id"],
        received_at=datetime.fromisoformat(one["received_at"]),
        is_bot=one["is_bot"],
        score=Decimal(one["score"]) if "score" in one else None,
        features=_features(one.get("features", {})),
        has_won=has_won,
        verdict=of(WON) if has_won else _why_not(one, match),
    )


def _features(found: Mapping[str, float]) -> tuple[Feature, ...]:
    return tuple(Feature(name=name, value=found[name], weight=WEIGHTS[name]) for name in WEIGHTS if name in found)


def _why_not(one: Mapping[str, Any], match: Match) -> Sentence:
    if "score" in one:
        return _outscored(Decimal(one["score"]), match)
    chosen = str(match.tracking_event_id)
    winner = next((other for other in match.candidates if other["tracking_event_id"] == chosen), {})
    if one["is_bot"] and not winner.get("is_bot", False):
        return of(BOT)
    is_page = one["kind"] != TrackingKind.CLICK
    return of(ONLY_PAGE) if is_page and winner.get("kind") == TrackingKind.CLICK else of(OLDER)


def _outscored(score: Decimal, match: Match) -> Sentence:
    if score < match.threshold:
        return of(BELOW, score=score, threshold=match.threshold)
    return of(TIED) if match.rule == Rule.NONE else of(LOWER, score=score)
