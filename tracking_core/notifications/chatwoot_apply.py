"""Carry out what people did in Chatwoot. Done twice, it is done once; what fits no case of the hub is ignored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.handoff import service
from tracking_core.handoff.errors import HandoffClosed, HandoffTaken
from tracking_core.handoff.notes import NoteKind
from tracking_core.logging import lines_about
from tracking_core.models import HandoffState, Notification, SetupHandoff
from tracking_core.notifications.chatwoot_inbound import Command, Place, Reply, Resolve, Resume, Take
from tracking_core.notifications.kinds import Channel, Kind
from tracking_core.notifications.outbox import announce_on
from tracking_core.settings import Settings

log = structlog.get_logger()


async def apply(session: AsyncSession, command: Command, *, now: datetime, settings: Settings) -> UUID | None:
    """The setup session it was about; None when it was ignored."""
    known = await _known(session, command.place, settings)
    if known is None or (isinstance(command, Take) and command.person_id in _ours(known)):
        return None
    handoff = await session.get_one(SetupHandoff, command.place.handoff_id)
    lines_about(handoff.tenant_id, handoff.session_id)
    try:
        await _carry_out(session, command, handoff, now, settings)
    except HandoffClosed:
        if isinstance(command, Reply):
            key = f"refused:{command.message_id}"
            await announce_on(session, handoff, Kind.REPLY_REFUSED, [Channel.CHATWOOT], key=key, now=now)
    except HandoffTaken:
        log.info("chatwoot_take_ignored", handoff_id=str(handoff.id))
    return handoff.session_id


async def _known(session: AsyncSession, place: Place, settings: Settings) -> Sequence[dict[str, Any]] | None:
    """What Chatwoot named this case, if the conversation is the case's. Until the hub has written down which one that
    is, the conversation's own attribute is believed."""
    if place.account_id not in (None, settings.chatwoot_account_id):
        return None
    query = select(Notification.external).where(
        Notification.handoff_id == place.handoff_id, Notification.channel == Channel.CHATWOOT.value
    )
    known = (await session.scalars(query)).all()
    named = {one["conversation_id"] for one in known if "conversation_id" in one}
    return known if known and named <= {place.conversation_id} else None


def _ours(known: Sequence[dict[str, Any]]) -> set[int]:
    return {one["user_id"] for one in known if one.get("user_id") is not None}


async def _carry_out(
    session: AsyncSession, command: Command, handoff: SetupHandoff, now: datetime, settings: Settings
) -> None:
    person = command.person
    # Who closed a conversation is not told; whoever has the case may close it.
    closer = handoff.owner if handoff.state == HandoffState.TAKEN and handoff.owner else person
    match command:
        case Reply():
            await _pass_on(session, handoff, person, now, settings)
            key = f"chatwoot:{command.message_id}"
            await service.reply(session, handoff.id, person, command.text, key=key, now=now, settings=settings)
        case Take() if _is_echo(command, handoff):
            log.info("chatwoot_echo_ignored", handoff_id=str(handoff.id))
        case Take():
            if command.is_change:
                await _pass_on(session, handoff, person, now, settings)
            await service.take(session, handoff.id, person, now=now, settings=settings)
        case Resume():
            await service.resume(session, handoff.id, closer, now=now, settings=settings)
        case Resolve():
            await service.resolve(session, handoff.id, closer, now=now, settings=settings)


def _is_echo(command: Take, handoff: SetupHandoff) -> bool:
    """Chatwoot goes on repeating the assignee of a case that was put back into the queue here."""
    is_released = any(one["kind"] == NoteKind.RELEASED for one in handoff.notes)
    return handoff.state == HandoffState.OPEN and is_released and not (command.is_change or command.is_move)


async def _pass_on(
    session: AsyncSession, handoff: SetupHandoff, person: str, now: datetime, settings: Settings
) -> None:
    """Chatwoot decides among its people: whoever answers there has the case, whoever had it before."""
    if handoff.state == HandoffState.TAKEN and handoff.owner != person:
        await service.release(session, handoff.id, person, now=now, settings=settings, is_operator=True)
