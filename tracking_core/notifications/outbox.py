"""The outbox: what is to be told stands in its rows, committed with what it tells; the drain sends it afterwards."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.kit.ids import new_id
from tracking_core.models import Notification, NotificationState, SetupHandoff
from tracking_core.notifications.channels.configured import configured
from tracking_core.notifications.kinds import Channel, Kind
from tracking_core.settings import Settings


async def announce(
    session: AsyncSession, handoff: SetupHandoff, kind: str, *, key: str, settings: Settings, now: datetime
) -> list[Notification]:
    """One row for each configured channel; the rows that are new. Announced again under the same ``key``, nothing is.

    ``kind`` is a ``Kind``; ``key`` names what happened within the case (``created``, a note's id). The case's ``notes``
    hold by now what is told. Without a channel there is nothing to send, and the case waits at the desk alone.
    """
    return await announce_on(session, handoff, Kind(kind), configured(settings), key=key, now=now)


async def announce_on(
    session: AsyncSession, handoff: SetupHandoff, kind: Kind, channels: Iterable[Channel], *, key: str, now: datetime
) -> list[Notification]:
    rows = [_row(handoff, kind, channel, key, now) for channel in channels]
    if not rows:
        return []
    await session.flush()  # the case itself may be new
    added = insert(Notification).values(rows).on_conflict_do_nothing(index_elements=["handoff_id", "channel", "key"])
    return list((await session.scalars(added.returning(Notification))).all())


def _row(handoff: SetupHandoff, kind: Kind, channel: Channel, key: str, now: datetime) -> dict[str, object]:
    """What it tells is written when it is sent, from the case; the payload says only as far as which note."""
    last = handoff.notes[-1]["id"] if handoff.notes else ""
    return {
        "id": new_id(),
        "tenant_id": handoff.tenant_id,
        "handoff_id": handoff.id,
        "channel": channel.value,
        "kind": kind.value,
        "key": key,
        "payload": {"last_note": last, "state": handoff.state},
        "state": NotificationState.WAITING.value,
        "due_at": now,
        # In the order of the statements, even within one transaction: a case's notifications are sent in it.
        "created_at": func.clock_timestamp(),
    }
