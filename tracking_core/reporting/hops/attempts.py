"""Every attempt at a delivery with Meta's answer in numbers and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.destinations.meta_capi.errors import explain as explain_numbers
from tracking_core.reporting.sentences import Sentence, of

ACCEPTED = "Meta took it."
LOST = "Our worker was lost before the answer came. Meta may have taken it; a second copy would be dropped."
AMBIGUOUS = "Meta may have taken it all the same; a second copy would be dropped."
IN_A_BATCH = "It went with others, {size} in all, and the whole request was refused; it is sent again in smaller parts."
_ACCEPTED, _LOST = "accepted", "worker_lost"
_SHOWN = 200
_ROWS = text("""
SELECT * FROM (
    SELECT a.*, row_number() OVER (PARTITION BY a.delivery_id ORDER BY a.started_at, a.id) AS number,
        row_number() OVER (PARTITION BY a.delivery_id ORDER BY a.started_at DESC, a.id DESC) AS from_last
    FROM dispatch_attempts a WHERE a.delivery_id = ANY(CAST(:ids AS uuid[]))
) numbered WHERE from_last <= :shown ORDER BY delivery_id, number
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTold:
    """``outcome`` is ``accepted``, a failure's class, or ``worker_lost``; ``request_id`` is shared by what went in one
    request; ``answer`` is Meta's own text, masked when it was kept."""

    number: int
    request_id: UUID
    batch_size: int
    started_at: datetime
    latency_ms: int
    outcome: str
    http_status: int | None
    code: int | None
    subcode: int | None
    fbtrace_id: str | None
    api_version: str | None
    is_ambiguous: bool
    answer: str | None
    sentences: tuple[Sentence, ...]


async def attempts_of(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, tuple[AttemptTold, ...]]:
    """Of each delivery the newest two hundred, oldest first."""
    if not ids:
        return {}
    found: dict[UUID, tuple[AttemptTold, ...]] = {}
    for row in await session.execute(_ROWS, {"ids": list(ids), "shown": _SHOWN}):
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), _attempt(row))
    return found


def _attempt(row: Row[Any]) -> AttemptTold:
    return AttemptTold(
        number=row.number,
        request_id=row.request_id,
        batch_size=row.batch_size,
        started_at=row.started_at,
        latency_ms=row.latency_ms,
        outcome=row.outcome,
        http_status=row.http_status,
        code=row.code,
        subcode=row.subcode,
        fbtrace_id=row.fbtrace_id,
        api_version=row.api_version,
        is_ambiguous=row.ambiguous,
        answer=row.response,
        sentences=_sentences(row),
    )


def _sentences(row: Row[Any]) -> tuple[Sentence, ...]:
    if row.outcome == _ACCEPTED:
        return (of(ACCEPTED),)
    if row.outcome == _LOST:
        return (of(LOST),)
    failure = FailureClass(row.outcome)
    told = [of(explain_numbers(row.code, row.subcode, failure))]
    if failure is FailureClass.PAYLOAD and row.batch_size > 1:
        told.append(of(IN_A_BATCH, size=row.batch_size))
    if row.ambiguous:
        told.append(of(AMBIGUOUS))
    return tuple(told)
