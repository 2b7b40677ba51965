"""How far replays are, read from where their deliveries stand now."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.delivery.explain import explain_reason
from tracking_core.errors import NotFound
from tracking_core.models import Replay


class Standing(StrEnum):
    """Where a revived letter stands. ``on_hold`` and ``disabled`` wait for their connection; ``dead`` died again."""

    WAITING = "waiting"
    RETRYING = "retrying"
    ON_HOLD = "on_hold"
    DISABLED = "disabled"
    DELIVERED = "delivered"
    WITHHELD = "withheld"
    DEAD = "dead"


# One statement, so that a chunk that is committed meanwhile is in both numbers or in none.
_STANDINGS = text("""
SELECT r.replayed, (
    SELECT coalesce(json_agg(g), '[]') FROM (
        SELECT s.standing, s.reason, count(*) AS letters FROM deliveries d
        JOIN meta_connections k ON k.id = d.connection_id
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN d.state NOT IN ('waiting', 'retrying') THEN d.state
                WHEN k.disabled_at IS NOT NULL THEN 'disabled'
                WHEN k.state = 'on_hold' THEN 'on_hold'
                ELSE d.state
            END AS standing,
            CASE WHEN k.state = 'on_hold' AND k.disabled_at IS NULL AND d.state IN ('waiting', 'retrying')
                THEN k.hold_code ELSE d.reason END AS reason
        ) s
        WHERE d.replay_id = r.id GROUP BY 1, 2 ORDER BY 3 DESC
    ) g
) AS groups FROM replays r WHERE r.id = :id
""")


@dataclass(frozen=True, slots=True)
class StandingReason:
    """``explanation`` is an English msgid that says what to do."""

    standing: Standing
    reason: str
    letters: int
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``replayed`` is the sum of ``standings`` and ``moved_on``: those that a later replay has taken over, or that were
    erased. ``reasons`` are of those not yet sent and of those that will not be, most frequent first."""

    replayed: int
    standings: dict[Standing, int]
    moved_on: int
    reasons: tuple[StandingReason, ...]


async def find_replay(session: AsyncSession, replay_id: UUID, *, tenant_id: UUID | None = None) -> Replay:
    """The replay; asked for by a tenant, only one of its own. Raises NotFound."""
    row = await session.get(Replay, replay_id)
    if row is None or tenant_id not in (None, row.tenant_id):
        raise NotFound(what="replay")
    return row


async def list_replays(
    session: AsyncSession, *, tenant_id: UUID | None = None, before: datetime | None = None, limit: int = 50
) -> list[Replay]:
    """Newest first, of one tenant or of all; ``before`` is the ``created_at`` of the last one of the previous page."""
    query = select(Replay)
    if tenant_id is not None:
        query = query.where(Replay.tenant_id == tenant_id)
    if before is not None:
        query = query.where(col(Replay.created_at) < before)
    newest_first = query.order_by(col(Replay.created_at).desc(), col(Replay.id).desc())
    return list((await session.scalars(newest_first.limit(limit))).all())


async def progress(session: AsyncSession, replay_id: UUID) -> Progress:
    """Raises NotFound."""
    row = (await session.execute(_STANDINGS, {"id": replay_id})).first()
    if row is None:
        raise NotFound(what="replay")
    return _progress(row.replayed, row.groups)


def _progress(replayed: int, groups: list[dict[str, Any]]) -> Progress:
    counted: Counter[Standing] = Counter()
    for group in groups:
        counted[Standing(group["standing"])] += group["letters"]
    return Progress(
        replayed=replayed,
        standings={standing: counted[standing] for standing in Standing},
        moved_on=replayed - counted.total(),
        reasons=tuple(
            StandingReason(
                Standing(group["standing"]), group["reason"], group["letters"], explain_reason(group["reason"])
            )
            for group in groups
            if group["reason"]
        ),
    )
