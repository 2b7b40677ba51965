"""Dead letters are rows; replaying them makes them due again under the same event_id, as safe as the first send.

A replay is a row that is due until it is finished, and revives a bounded number of letters in a transaction: the first
ones in the request's own, the rest by a worker, chunk by chunk. Nothing has to be remembered in between: a letter that
was revived is dead no longer, and should it die again it died after ``seen_until`` and carries the replay's id. So a
crash loses at most a chunk that did not happen, the sweeper finds the row, and to ask twice does nothing twice.

A letter past its deadline would only die again: it is left as it is and counted. What Meta cannot have heard of and was
refunded or charged back since is closed as ``withheld``, as it would have been while it waited. Whoever refused is left
out when it is sent, for consent is read again there; a connection on hold sends nothing until its hold ends.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay_preview import preview
from tracking_core.delivery.replay_selection import FATE, IDS_MAX, LETTERS, TOO_LATE, Fate, ReplayFilter, Selection
from tracking_core.errors import Conflict
from tracking_core.kit import clock
from tracking_core.logging import lines_about
from tracking_core.models import Replay

__all__ = [
    "AT_ONCE",
    "CHUNK",
    "DeadLettersChanged",
    "ReplayFilter",
    "Replayed",
    "drain_replay",
    "due_replays",
    "replay",
]

# Whoever names letters by id finds them due when the answer leaves.
AT_ONCE = IDS_MAX
CHUNK = 1_000
_SWEEP_LIMIT = 100
# Locked in one order, so that two replays of the same letters wait for each other and never for ever. Nothing is
# planned before it happened, so what was created before ``useful_since`` need not be read again for each chunk.
_REVIVE = """
WITH chosen AS (
    SELECT d.id, c.status, {fate} AS fate FROM {letters}
    WHERE {condition} AND d.replay_id IS DISTINCT FROM :replay AND d.created_at >= :useful_since
      AND {fate} IN ('{replayable}', '{undone}')
    ORDER BY d.tenant_id, d.created_at, d.id LIMIT :limit FOR UPDATE OF d
), revived AS (
    UPDATE deliveries d SET state = 'waiting', reason = NULL, due_at = :now, lease_id = NULL, leased_at = NULL,
        attempts = 0, replay_id = :replay
    FROM chosen WHERE d.id = chosen.id AND chosen.fate = '{replayable}'
    RETURNING d.connection_id
), closed AS (
    UPDATE deliveries d SET state = 'withheld', reason = chosen.status || '_before_delivery'
    FROM chosen WHERE d.id = chosen.id AND chosen.fate = '{undone}'
    RETURNING d.id
)
SELECT (SELECT count(*) FROM chosen) AS chosen, (SELECT count(*) FROM revived) AS revived,
    (SELECT count(*) FROM closed) AS closed, ARRAY(SELECT DISTINCT connection_id FROM revived) AS connections
"""
_LATE = """
SELECT count(*) FROM {letters} WHERE {condition} AND d.replay_id IS DISTINCT FROM :replay AND {fate} = ANY(:late)
"""


class DeadLettersChanged(Conflict):
    code = "dead_letters_changed"
    message = "These are no longer the dead letters you looked at. Look at them again, then send them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How far a replay is. ``connections`` have deliveries that are due again since the last step."""

    replay_id: UUID
    found: int
    replayed: int
    too_late: int
    undone: int
    is_finished: bool
    connections: tuple[UUID, ...]


async def replay(
    session: AsyncSession,
    tenant_id: UUID | None,
    wanted: ReplayFilter,
    *,
    actor: str,
    now: datetime,
    is_operator: bool = False,
    seen_until: datetime | None = None,
    digest: str | None = None,
) -> Replayed:
    """Ask for a replay and revive the first ``AT_ONCE`` letters; what is left is for ``drain_replay``.

    ``tenant_id`` None is all tenants. ``seen_until`` and ``digest`` are those of a preview; without them it is about
    what is dead now. Raises DeadLettersChanged.
    """
    seen = min(seen_until or now, now)
    shown = await preview(session, Selection(tenant_id=tenant_id, wanted=wanted, seen_until=seen), now)
    if digest not in (None, shown.digest):
        raise DeadLettersChanged
    row = Replay(
        tenant_id=tenant_id,
        is_operator=is_operator,
        actor=actor,
        filter=wanted.model_dump(mode="json", exclude_none=True),
        seen_until=seen,
        found=shown.found,
        too_late=shown.too_late,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    done = await _step(session, row, now, AT_ONCE)
    subject, found = str(row.id), shown.found
    record(session, actor=actor, action="dead_letters.replayed", subject=subject, tenant_id=tenant_id, found=found)
    return done


async def drain_replay(replay_id: UUID) -> AsyncIterator[tuple[UUID, ...]]:
    """Finish the replay, a transaction for each chunk; after each, the connections with something due. Whoever finds
    another at it leaves it to them."""
    is_finished = False
    while not is_finished:
        async with transaction() as session:
            row = await session.get(Replay, replay_id, with_for_update={"skip_locked": True})
            if row is None or row.finished_at is not None:
                return
            lines_about(row.tenant_id)
            done = await _step(session, row, clock.now(), CHUNK)
        is_finished = done.is_finished
        yield done.connections


async def due_replays(session: AsyncSession) -> list[UUID]:
    """Those that are not finished, oldest first."""
    due = select(Replay.id).where(col(Replay.finished_at).is_(None)).order_by(col(Replay.created_at))
    return list((await session.scalars(due.limit(_SWEEP_LIMIT))).all())


async def _step(session: AsyncSession, row: Replay, now: datetime, limit: int) -> Replayed:
    """Revive up to ``limit`` letters of a replay that the caller holds, and finish it when there are no more."""
    wanted = ReplayFilter.model_validate(row.filter)
    selection = Selection(tenant_id=row.tenant_id, wanted=wanted, seen_until=row.seen_until)
    values = {**selection.values(now), "replay": row.id}
    query = _sql(_REVIVE, selection)
    step = (await session.execute(text(query), {**values, "limit": limit, "now": now})).one()
    row.replayed, row.undone = row.replayed + step.revived, row.undone + step.closed
    if step.chosen < limit:
        late = await session.scalar(text(_sql(_LATE, selection)), {**values, "late": list(TOO_LATE)})
        row.too_late, row.finished_at = late or 0, now
        row.found = row.replayed + row.too_late + row.undone
    return Replayed(
        replay_id=row.id,
        found=row.found,
        replayed=row.replayed,
        too_late=row.too_late,
        undone=row.undone,
        is_finished=row.finished_at is not None,
        connections=tuple(step.connections),
    )


def _sql(template: str, selection: Selection) -> str:
    return template.format(
        fate=FATE,
        letters=LETTERS,
        condition=selection.condition,
        replayable=Fate.REPLAYABLE,
        undone=Fate.UNDONE,
    )
