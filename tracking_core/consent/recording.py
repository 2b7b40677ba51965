"""Write the proofs of what browsers said, from the events the collector stored: /track knows nothing of it.

Refusals take effect in the collector's own transaction (``consents``); this job only writes down the proof, a little
later. It reads every event once, in the order of their ids, which are made as they arrive; its mark moves in the
transaction that inserts the records. Starting without a mark it begins with the oldest event that is kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.consent.records import Said, append
from tracking_core.consent.subjects import subjects_of
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import ConsentSource, ReadingMark, TrackingKind

MARK = "consent_records"
# An id is made before its event is written, and seen only after the commit: what is younger may still be on its way.
LAG = timedelta(seconds=60)
_BATCH = 5_000
# Then other work of the process gets its turn; the next call goes on.
_BATCHES_PER_CALL = 50
_NOTHING_READ = UUID(int=0)
_LIFTS_NOTHING = datetime.min.replace(tzinfo=UTC)
# The LIMIT bounds what is read, whatever it says. A grant that merely goes along with an event told late (``age_ms``)
# proves nothing: the next event repeats it. What a robot grants is nobody's. One row at least comes back, for the mark.
_READ = text("""
WITH read AS MATERIALIZED (
    SELECT id, received_at, tenant_id, kind, event_id, click_id, session_id, url, consent_ads, is_bot, details,
        email_hash, phone_hash
    FROM tracking_events WHERE id > :after AND id < :until ORDER BY id LIMIT :limit
)
SELECT whole.last, whole.events, r.id, r.received_at, r.tenant_id, r.kind, r.event_id, r.click_id, r.session_id, r.url,
    r.consent_ads, r.details ->> 'age_ms' AS age_ms, r.details ->> 'consent_version' AS text_version,
    encode(r.email_hash, 'hex') AS email_hash, encode(r.phone_hash, 'hex') AS phone_hash
FROM (SELECT max(id::text) AS last, count(*) AS events FROM read) AS whole
LEFT JOIN read r ON NOT r.consent_ads OR (
    r.consent_ads AND r.is_bot = 0 AND (r.kind = 'consent' OR r.details ->> 'age_ms' IS NULL))
ORDER BY r.id
""")


async def record_new(*, limit: int = _BATCH) -> int:
    """Read on from the mark; how many records were written."""
    total = 0
    for _ in range(_BATCHES_PER_CALL):
        async with transaction() as session:
            read, written = await _record_some(session, clock.now() - LAG, limit)
        total += written
        if read < limit:
            break
    return total


async def _record_some(session: AsyncSession, until: datetime, limit: int) -> tuple[int, int]:
    """Events read and records written. Nothing while another reader holds the mark."""
    mark = await _held(session)
    if mark is None:
        return 0, 0
    values = {"after": mark.last_id, "until": _first_id_of(until), "limit": limit}
    rows = (await session.execute(_READ, values)).all()
    if not rows[0].events:
        return 0, 0
    written = await append(session, list(_said(row for row in rows if row.id is not None)))
    mark.last_id = UUID(rows[0].last)
    return rows[0].events, written


async def _held(session: AsyncSession) -> ReadingMark | None:
    begun = insert(ReadingMark).values(name=MARK, last_id=_NOTHING_READ)
    await session.execute(begun.on_conflict_do_nothing())
    query = select(ReadingMark).where(ReadingMark.name == MARK).with_for_update(skip_locked=True)
    return (await session.scalars(query)).first()


def _said(rows: Iterable[Row[Any]]) -> Iterator[Said]:
    """Each answer that is not the one the same visitor gave just before, which most are."""
    before: dict[tuple[UUID, str | None], Sequence[object]] = {}
    for row in rows:
        visitor = (row.tenant_id, row.session_id)
        words = (
            row.consent_ads,
            row.kind == TrackingKind.CONSENT,
            row.text_version,
            row.click_id,
            row.email_hash,
            row.phone_hash,
        )
        if before.get(visitor) != words:
            before[visitor] = words
            yield _answer(row)


def _answer(row: Row[Any]) -> Said:
    return Said(
        tenant_id=row.tenant_id,
        granted=row.consent_ads,
        at=row.received_at,
        source=ConsentSource.BROWSER,
        person=subjects_of(email_hash=row.email_hash, phone_hash=row.phone_hash),
        visit=subjects_of(click_id=row.click_id, session_id=row.session_id),
        url=row.url,
        text_version=row.text_version,
        event_id=row.event_id,
        tracking_event_id=row.id,
        lifts_before=_lifts_before(row),
    )


def _lifts_before(row: Row[Any]) -> datetime:
    """As the collector has it: the visitor's own act lifts what was said before it, and nothing else lifts anything."""
    if row.kind != TrackingKind.CONSENT:
        return _LIFTS_NOTHING
    happened: datetime = row.received_at - timedelta(milliseconds=int(row.age_ms or 0))
    return happened


def _first_id_of(moment: datetime) -> UUID:
    """The lowest id (UUID version 7) of that millisecond."""
    return UUID(int=max(0, int(moment.timestamp() * 1_000)) << 80)
