"""Who is told when a case changes: whoever watches the session, the seller, the channels."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.handoff.codes import HandoffCode
from tracking_core.handoff.sla import eta_text
from tracking_core.models import SetupHandoff, SetupSession
from tracking_core.notifications.outbox import announce
from tracking_core.settings import Settings
from tracking_core.setup import messages
from tracking_core.streams.append import EventType, append


async def happened(session: AsyncSession, handoff: SetupHandoff, event: EventType) -> None:
    await append(session, handoff.session_id, event, projected(handoff))


def projected(handoff: SetupHandoff) -> dict[str, Any]:
    """What anyone who may watch the session may know."""
    return {
        "handoff_id": str(handoff.id),
        "state": handoff.state,
        "reason": handoff.reason,
        "priority": handoff.priority,
        "owner": handoff.owner,
        "due_at": handoff.due_at.isoformat(),
        "is_late": handoff.breached_at is not None,
    }


async def say(
    session: AsyncSession, handoff: SetupHandoff, owner: SetupSession, code: HandoffCode, *, key: str, now: datetime
) -> None:
    """The code's sentence to the seller, once for each ``key`` of the case."""
    params = {"eta": eta_text(handoff.due_at, now, owner.locale), "owner": handoff.owner or ""}
    await messages.say(session, owner, f"handoff:{handoff.id}:{key}", code, params)


async def announced(
    session: AsyncSession, handoff: SetupHandoff, kind: str, *, key: str, settings: Settings, now: datetime
) -> None:
    """Tell the channels; the notes must hold by now what is told."""
    session.add(handoff)
    await announce(session, handoff, kind, key=key, settings=settings, now=now)
