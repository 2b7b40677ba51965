"""The proof of consent: what was said, when, where and to which text. Append-only; a row is written for a change alone.

A change is the first word of somebody, another answer, or the same answer to another version of the text. When a
visitor leaves their e-mail, that is the first word of the e-mail. A visit of somebody whose click is known is no
change: it has a session of its own, and says nothing new.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db import bulk
from tracking_core.kit.ids import new_id
from tracking_core.models import ConsentRecord, ConsentSource

# The newest word of each subject, of all its tenants.
_STANDING = text("""
SELECT DISTINCT ON (r.tenant_id, s.subject) r.tenant_id, s.subject, r.granted, r.text_version, r.at
FROM consent_records r CROSS JOIN LATERAL unnest(r.subjects) AS s(subject)
WHERE r.subjects && CAST(:subjects AS uuid[]) AND s.subject = ANY(CAST(:subjects AS uuid[]))
  AND r.tenant_id = ANY(CAST(:tenants AS uuid[]))
ORDER BY r.tenant_id, s.subject, r.at DESC, r.id DESC
""")
_Who = tuple[UUID, UUID]
_Word = tuple[bool, str | None, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer of one person. ``url`` may still have its query."""

    tenant_id: UUID
    granted: bool
    at: datetime
    source: ConsentSource
    person: Sequence[UUID] = ()  # e-mail, phone
    visit: Sequence[UUID] = ()  # click, session
    url: str | None = None
    text_version: str | None = None
    event_id: str | None = None
    tracking_event_id: UUID | None = None
    actor: str | None = None
    # What was refused at this time or later it does not take back; None is whatever was refused.
    lifts_before: datetime | None = None

    @property
    def subjects(self) -> list[UUID]:
        return [*self.person, *self.visit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of the list begins: after this record."""

    at: datetime
    id: UUID


async def append(session: AsyncSession, said: Sequence[Said]) -> int:
    """Record the answers, in this order, that change something; how many did."""
    standing = await _standing(session, said)
    rows = [_row(one) for one in said if _changes(standing, one)]
    await bulk.insert(session, ConsentRecord, rows)
    return len(rows)


async def search(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    subjects: Iterable[UUID] | None = None,
    granted: bool | None = None,
    before: Place | None = None,
    limit: int = 100,
) -> list[ConsentRecord]:
    """The newest first; of these subjects, or of everybody."""
    query = select(ConsentRecord).where(ConsentRecord.tenant_id == tenant_id)
    if subjects is not None:
        query = query.where(col(ConsentRecord.subjects).overlap(list(subjects)))  # type: ignore[attr-defined]
    if granted is not None:
        query = query.where(col(ConsentRecord.granted).is_(granted))
    if before is not None:
        query = query.where(tuple_(col(ConsentRecord.at), col(ConsentRecord.id)) < (before.at, before.id))
    query = query.order_by(col(ConsentRecord.at).desc(), col(ConsentRecord.id).desc())
    return list((await session.scalars(query.limit(limit))).all())


def origin_and_path(url: str | None) -> str | None:
    """What a proof says of where: no query, no fragment."""
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


async def _standing(session: AsyncSession, said: Sequence[Said]) -> dict[_Who, _Word]:
    if not said:
        return {}
    subjects = sorted({subject for one in said for subject in one.subjects})
    tenants = sorted({one.tenant_id for one in said})
    rows = await session.execute(_STANDING, {"subjects": subjects, "tenants": tenants})
    return {(row.tenant_id, row.subject): (row.granted, row.text_version, row.at) for row in rows}


def _changes(standing: dict[_Who, _Word], one: Said) -> bool:
    """Whether it is news of anybody; if so, it stands from then on. A page that tells no version changes none, and what
    a browser repeats takes no refusal back."""
    known = {subject: standing.get((one.tenant_id, subject)) for subject in one.subjects}
    if one.granted and any(word is not None and _outlasts(word, one) for word in known.values()):
        return False
    is_same = {subject: word is not None and _repeats(one, word) for subject, word in known.items()}
    is_other = any(word is not None and not is_same[subject] for subject, word in known.items())
    is_known = all(is_same[subject] for subject in one.person) and (
        not one.visit or any(is_same[subject] for subject in one.visit)
    )
    if is_known and not is_other:
        return False
    for subject, word in known.items():
        standing[one.tenant_id, subject] = (one.granted, one.text_version or (word[1] if word else None), one.at)
    return True


def _repeats(one: Said, word: _Word) -> bool:
    granted, version, _ = word
    return granted is one.granted and one.text_version in (None, version)


def _outlasts(word: _Word, one: Said) -> bool:
    granted, _, said_at = word
    return not granted and one.lifts_before is not None and said_at >= one.lifts_before


def _row(one: Said) -> Mapping[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": one.tenant_id,
        "granted": one.granted,
        "at": one.at,
        "source": one.source.value,
        "actor": one.actor,
        "url": origin_and_path(one.url),
        "text_version": one.text_version,
        "subjects": one.subjects,
        "event_id": one.event_id,
        "tracking_event_id": one.tracking_event_id,
        "created_at": one.at,
    }
