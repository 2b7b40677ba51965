"""The click: when, from which campaign, what the visitor said about ads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.identity.labels import without_contact
from tracking_core.matching.match import click_tokens
from tracking_core.models import Conversion, Match, TrackingKind
from tracking_core.reporting.sentences import Sentence, of

NO_CLICK = "No visit is known that led to this sale."
CARRIED = "The checkout gave back {carried}, but no visit with such an id was recorded."
GONE = "The visit that led to this sale is older than visits are kept, so only its id is left."
SEEN = {
    TrackingKind.CLICK: "The visitor clicked on {at}.",
    TrackingKind.PAGEVIEW: "The visitor opened the page on {at}.",
    TrackingKind.INITIATE_CHECKOUT: "The visitor went to the checkout on {at}.",
}
CAMPAIGN = "They came from the campaign {campaign}."
NO_CAMPAIGN = "The link named no campaign."
FROM_AD = "They came from an ad of Meta: its click id is known."
NOT_FROM_AD = "No click id of an ad of Meta is known."
BOT = "The visitor looks like a robot."
CONSENT = {
    True: "The visitor agreed to the use of their data for ads.",
    False: "The visitor refused the use of their data for ads.",
    None: "The visitor was not heard about the use of their data for ads.",
}
# The time of the event, where it is known, spares a look into every partition.
_EVENT = """
SELECT kind, received_at, url, details, consent_ads, is_bot, fbc IS NOT NULL AS has_fbc, fbp IS NOT NULL AS has_fbp,
    client_ip IS NOT NULL AS has_ip, user_agent IS NOT NULL AS has_user_agent, email_hash IS NOT NULL AS has_email,
    phone_hash IS NOT NULL AS has_phone
FROM tracking_events WHERE id = :id AND tenant_id = :tenant AND {when} LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """``page`` is without its query. ``known`` names the data that came with the visit, never the data."""

    tracking_event_id: UUID | None = None
    click_id: str | None = None
    kind: str | None = None
    at: datetime | None = None
    page: str | None = None
    campaign: Mapping[str, str] | None = None
    consent: bool | None = None
    known: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...]


async def click_of(session: AsyncSession, conversion: Conversion, match: Match | None) -> Click:
    if match is None or match.tracking_event_id is None:
        return Click(sentences=(_absent(conversion),))
    row = await _event(session, match)
    if row is None:
        return Click(tracking_event_id=match.tracking_event_id, click_id=match.click_id, sentences=(of(GONE),))
    campaign = {name: without_contact(value) for name, value in (row.details or {}).items() if name.startswith("utm_")}
    return Click(
        tracking_event_id=match.tracking_event_id,
        click_id=match.click_id,
        kind=row.kind,
        at=row.received_at,
        page=_page(row.url),
        campaign=campaign,
        consent=row.consent_ads,
        known=tuple(name for name in ("fbc", "fbp", "ip", "user_agent", "email", "phone") if _has(row, name)),
        sentences=_sentences(row, campaign),
    )


def _absent(conversion: Conversion) -> Sentence:
    tokens = click_tokens(conversion.facts.get("carriers", {}))
    return of(CARRIED, carried=", ".join(tokens[:3])) if tokens else of(NO_CLICK)


async def _event(session: AsyncSession, match: Match) -> Row[Any] | None:
    values: dict[str, object] = {"id": match.tracking_event_id, "tenant": match.tenant_id}
    for one in match.candidates:
        if one.get("tracking_event_id") == str(match.tracking_event_id):
            values["at"] = datetime.fromisoformat(one["received_at"])
    query = _EVENT.format(when="received_at = :at" if "at" in values else "true")
    return (await session.execute(text(query), values)).first()


def _has(row: Row[Any], name: str) -> bool:
    return bool(row._mapping[f"has_{name}"])


def _page(url: str) -> str | None:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else None


def _sentences(row: Row[Any], campaign: Mapping[str, str]) -> tuple[Sentence, ...]:
    said = row._mapping
    name = campaign.get("utm_campaign")
    told = [of(SEEN[TrackingKind(said["kind"])], at=said["received_at"])]
    told.append(of(CAMPAIGN, campaign=name) if name else of(NO_CAMPAIGN))
    told.append(of(FROM_AD if said["has_fbc"] else NOT_FROM_AD))
    if said["is_bot"]:
        told.append(of(BOT))
    return (*told, of(CONSENT[said["consent_ads"]]))
