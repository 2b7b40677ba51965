"""From a validated browser event to the row that is stored and the ids that are answered. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import crawleruseragents
import orjson

from tracking_core.collector.addresses import holds_email, stored_address
from tracking_core.collector.schema import CAMPAIGN_FIELDS, TrackRequest
from tracking_core.consent.subjects import subject_digits
from tracking_core.destinations.meta_capi.click_ids import keep_fbc, valid_fbp
from tracking_core.identity.labels import without_contact
from tracking_core.identity.normalize import normalize_email, normalize_phone
from tracking_core.kit.hashing import sha256_hex
from tracking_core.kit.ids import new_hex, new_id, stable_hex
from tracking_core.models import TrackingKind

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the connection itself tells about the sender."""

    client_ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event ready to be stored. ``row`` follows ``writer.COLUMNS``; ``key`` claims it in the dedupe registry.

    ``key`` and the subjects of ``consent`` are UUIDs written as 32 digits. A refusal is said when it arrives, however
    old it is; a grant when the visitor gave it, so that it lifts no refusal said since.
    """

    tenant_id: UUID
    key: str
    row: tuple[object, ...]
    answer: dict[str, str]
    consent: tuple[bool, tuple[str, ...], datetime] | None

    @property
    def row_id(self) -> str:
        """32 digits."""
        return str(self.row[0])

    @property
    def kind(self) -> str:
        return str(self.row[3])


def accept(
    kind: TrackingKind, event: TrackRequest, *, tenant_id: UUID, country: str, visitor: Visitor, now: datetime
) -> Accepted:
    """The row is stamped ``now``; ``event.age_ms`` before that the visitor clicked, which dates the click for Meta."""
    event_id = event.event_id or str(new_id())
    click_id = event.click_id or _derived("h", tenant_id, event_id)
    session_id = event.session_id or _derived("s", tenant_id, event_id)
    email_hash = _hashed(normalize_email(event.email))
    phone_hash = _hashed(normalize_phone(event.phone, country))
    happened_at, is_robot = now - timedelta(milliseconds=event.age_ms or 0), is_bot(visitor.user_agent)
    row = (
        new_hex(),
        now.isoformat(),
        tenant_id.hex,
        kind.value,
        event_id,
        click_id,
        session_id,
        _bytea(email_hash),
        _bytea(phone_hash),
        visitor.client_ip,
        visitor.user_agent,
        stored_address(event.url),
        stored_address(event.referrer) if event.referrer else None,
        keep_fbc(event.fbc, event.fbclid, happened_at),
        event.fbp if valid_fbp(event.fbp) else None,
        event.consent_ads,
        int(is_robot),
        _details(event),
    )
    consent = None
    if event.consent_ads is False or (event.consent_ads and kind is TrackingKind.CONSENT and not is_robot):
        # A browser repeats an old yes with every event: only the act of saying it lifts a refusal.
        named = subject_digits(click_id=click_id, session_id=session_id, email_hash=email_hash, phone_hash=phone_hash)
        consent = (event.consent_ads, named, happened_at if event.consent_ads else now)
    answer = {"event_id": event_id, "click_id": click_id, "session_id": session_id}
    return Accepted(tenant_id, stable_hex(tenant_id, "tracking", kind.value, event_id), row, answer, consent)


@lru_cache(maxsize=4_096)
def is_bot(user_agent: str | None) -> bool:
    """Whether the user agent is a known crawler (list of the crawler-user-agents project) or absent."""
    return not user_agent or bool(crawleruseragents.is_crawler(user_agent))


def _derived(prefix: str, tenant_id: UUID, event_id: str) -> str:
    """An id the browser did not send: the same again when the same event is sent again."""
    number, digits = int(stable_hex(tenant_id, prefix, event_id), 16), ""
    while number:
        number, digit = divmod(number, 62)
        digits += _BASE62[digit]
    return prefix + digits


def _hashed(normal: str | None) -> str | None:
    return sha256_hex(normal) if normal else None


def _bytea(digest: str | None) -> str | None:
    return f"\\x{digest}" if digest else None


def _details(event: TrackRequest) -> str | None:
    labels = {name: value for name in CAMPAIGN_FIELDS if (value := getattr(event, name)) and not holds_email(value)}
    said = {name: without_contact(value) for name, value in labels.items()}
    if event.checkout_url:
        said["checkout_url"] = stored_address(event.checkout_url)
    if event.age_ms:
        said["age_ms"] = str(event.age_ms)
    if event.consent_version and event.consent_ads is not None:
        said["consent_version"] = without_contact(event.consent_version)
    return orjson.dumps(said).decode() if said else None
