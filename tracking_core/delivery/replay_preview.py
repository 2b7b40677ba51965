"""What a replay would do, told before it is done; nothing is changed.

A preview is of a moment (``seen_until``). A replay that is given it touches no letter that died later, so it is never
about more than was shown; it may be about less, for letters grow too old and others replay, too. Who wants exactly
what was shown gives the ``digest`` as well, and is refused when it is no longer that.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.explain import explain_reason
from tracking_core.delivery.replay_selection import FATE, LETTERS, TOO_LATE, Fate, Selection

# Each sentence is an English msgid.
WHY_NOT = {
    Fate.TOO_OLD: "The event is more than 7 days old, and Meta no longer takes it.",
    Fate.UNSAFE: "An attempt of more than 48 hours ago may have reached Meta: sent again, it could be counted twice.",
    Fate.UNDONE: "The sale was refunded or charged back before it was sent, so it will not be sent.",
}
# The marks of ids, each a 64-bit hash, are put together by xor, so groups give the mark of the whole in any order.
_GROUPS = """
SELECT g.*, k.tenant_id, k.dataset_id, CASE WHEN k.disabled_at IS NULL THEN k.state ELSE 'disabled' END AS connection
FROM (
    SELECT d.connection_id, coalesce(d.reason, '') AS reason, {fate} AS fate, count(*) AS letters,
        min(d.created_at) AS oldest, max(d.created_at) AS newest, bit_xor(hashtextextended(d.id::text, 0)) AS mark
    FROM {letters} WHERE {condition} GROUP BY 1, 2, 3
) g JOIN meta_connections k ON k.id = g.connection_id
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Letters that would not be sent, and why: a sentence, as everywhere here an English msgid."""

    why: Fate
    letters: int
    explanation: str


@dataclass(frozen=True, slots=True)
class ByReason:
    reason: str
    explanation: str
    found: int
    replayable: int


@dataclass(frozen=True, slots=True)
class ByConnection:
    """``state``: active, on_hold (its letters would wait until the hold ends) or disabled (until it is enabled)."""

    connection_id: UUID
    tenant_id: UUID
    dataset_id: str
    state: str
    found: int
    replayable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """``found = replayable + too_late + undone``. Groups come largest first, and their numbers add up to the totals."""

    seen_until: datetime
    digest: str
    found: int
    replayable: int
    too_late: int
    undone: int
    left_out: tuple[LeftOut, ...]
    reasons: tuple[ByReason, ...]
    connections: tuple[ByConnection, ...]
    oldest: datetime | None
    newest: datetime | None


async def preview(session: AsyncSession, selection: Selection, now: datetime) -> Preview:
    query = _GROUPS.format(fate=FATE, letters=LETTERS, condition=selection.condition)
    rows = (await session.execute(text(query), selection.values(now))).all()
    fates = _counted(rows, "fate")
    return Preview(
        seen_until=selection.seen_until,
        digest=_digest([row for row in rows if row.fate == Fate.REPLAYABLE]),
        found=fates.total(),
        replayable=fates[Fate.REPLAYABLE],
        too_late=sum(fates[fate] for fate in TOO_LATE),
        undone=fates[Fate.UNDONE],
        left_out=tuple(LeftOut(fate, fates[fate], told) for fate, told in WHY_NOT.items() if fates[fate]),
        reasons=_by_reason(rows),
        connections=_by_connection(rows),
        oldest=min((row.oldest for row in rows), default=None),
        newest=max((row.newest for row in rows), default=None),
    )


def _by_reason(rows: Iterable[Row[Any]]) -> tuple[ByReason, ...]:
    found, replayable = _counted(rows, "reason"), _counted(_replayable(rows), "reason")
    return tuple(ByReason(reason, explain_reason(reason), n, replayable[reason]) for reason, n in found.most_common())


def _by_connection(rows: Iterable[Row[Any]]) -> tuple[ByConnection, ...]:
    known = {row.connection_id: row for row in rows}
    found, replayable = _counted(rows, "connection_id"), _counted(_replayable(rows), "connection_id")
    return tuple(
        ByConnection(one, known[one].tenant_id, known[one].dataset_id, known[one].connection, n, replayable[one])
        for one, n in found.most_common()
    )


def _counted(rows: Iterable[Row[Any]], column: str) -> Counter[Any]:
    counted: Counter[Any] = Counter()
    for row in rows:
        counted[getattr(row, column)] += row.letters
    return counted


def _replayable(rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    return [row for row in rows if row.fate == Fate.REPLAYABLE]


def _digest(rows: Iterable[Row[Any]]) -> str:
    """The same for the same letters."""
    letters = mark = 0
    for row in rows:
        letters, mark = letters + row.letters, mark ^ row.mark
    return sha256(f"{letters}:{mark}".encode()).hexdigest()
