"""What a person does with a case. ``who`` is their name: one case has one owner, and each step done twice is done once.

Replying or asking takes a case that nobody has. A case that is a colleague's raises HandoffTaken, a closed one
HandoffClosed.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db import bulk
from tracking_core.handoff import notes, rows
from tracking_core.handoff.codes import HandoffCode, Priority
from tracking_core.handoff.errors import HandoffClosed, HandoffTaken
from tracking_core.handoff.giving_back import give_back
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.sla import due_at
from tracking_core.handoff.telling import announced, happened, say
from tracking_core.handoff.texts import named, said
from tracking_core.kit.ids import new_id
from tracking_core.models import HandoffState, MessageRole, SetupHandoff, SetupMessage, SetupSession
from tracking_core.secrets.wording import kinds_in
from tracking_core.settings import Settings
from tracking_core.setup import failures
from tracking_core.streams.append import EventType, append

MESSAGE_LIMIT = 4_000
_CLOSING = {
    HandoffState.RETURNED: (NoteKind.RETURNED, HandoffCode.RETURNED),
    HandoffState.RESOLVED: (NoteKind.RESOLVED, HandoffCode.RESOLVED),
}


async def take(session: AsyncSession, handoff_id: UUID, who: str, *, now: datetime, settings: Settings) -> SetupHandoff:
    """The case, from now on theirs: the agent is silent."""
    handoff, owner = await rows.locked(session, handoff_id)
    await _take(session, handoff, owner, who, now, settings)
    return handoff


async def release(
    session: AsyncSession, handoff_id: UUID, who: str, *, now: datetime, settings: Settings, is_operator: bool = False
) -> SetupHandoff:
    """Back to the queue, for another person; an operator may do that with anyone's. When the seller was answered the
    clock starts again, else it goes on."""
    handoff, owner = await rows.locked(session, handoff_id)
    if handoff.state == HandoffState.OPEN:
        return handoff
    if not is_operator:
        _require_theirs(handoff, who)
    elif handoff.state != HandoffState.TAKEN:
        raise HandoffClosed
    started = {}
    if notes.is_answered(handoff):
        handoff.due_at, handoff.breached_at = due_at(Priority(handoff.priority), now), None
        started = {"due_at": handoff.due_at.isoformat()}
    handoff.state, handoff.owner = HandoffState.OPEN, None
    note = notes.add(handoff, NoteKind.RELEASED, who, now, **started)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    await say(session, handoff, owner, HandoffCode.RELEASED, key=note["id"], now=now)
    _audit(session, handoff, who, "handoff.released")
    await announced(session, handoff, "updated", key=note["id"], settings=settings, now=now)
    return handoff


async def reply(
    session: AsyncSession, handoff_id: UUID, who: str, text: str, *, key: str, now: datetime, settings: Settings
) -> SetupHandoff:
    """A message to the seller, in the chat; once for each ``key``."""
    return await _write(session, handoff_id, who, text, NoteKind.REPLIED, key=key, now=now, settings=settings)


async def ask_seller(
    session: AsyncSession, handoff_id: UUID, who: str, text: str, *, key: str, now: datetime, settings: Settings
) -> SetupHandoff:
    """The same, and the seller is told that an answer is needed."""
    return await _write(session, handoff_id, who, text, NoteKind.ASKED, key=key, now=now, settings=settings)


async def resume(
    session: AsyncSession, handoff_id: UUID, who: str, *, now: datetime, settings: Settings, text: str = ""
) -> SetupHandoff:
    """Give it back: the agent speaks again, and what the seller wrote since a person's last word is its to answer.
    ``text`` is a note for colleagues."""
    return await _close(session, handoff_id, who, HandoffState.RETURNED, now=now, settings=settings, text=text)


async def resolve(
    session: AsyncSession, handoff_id: UUID, who: str, *, now: datetime, settings: Settings, text: str = ""
) -> SetupHandoff:
    """It is done, and the agent may be talked to again."""
    return await _close(session, handoff_id, who, HandoffState.RESOLVED, now=now, settings=settings, text=text)


async def on_seller_message(
    session: AsyncSession, owner: SetupSession, message: SetupMessage, *, now: datetime, settings: Settings
) -> bool:
    """Forward what the seller wrote to the person who has the case. False when nobody has it (any more): then it is the
    agent's to answer. The caller writes down in the same transaction that it is the case's."""
    handoff = await rows.current(session, owner.id, lock=True)
    if handoff is None or handoff.state != HandoffState.TAKEN:
        return False
    key = str(message.id)
    if notes.find(handoff, NoteKind.SELLER_SAID, key) is None:
        notes.make_room(handoff)
        words = named(message.text, kinds_in([message]))
        notes.add(handoff, NoteKind.SELLER_SAID, "seller", now, text=words, key=key)
        await announced(session, handoff, "seller_said", key=key, settings=settings, now=now)
    return True


async def _take(
    session: AsyncSession, handoff: SetupHandoff, owner: SetupSession, who: str, now: datetime, settings: Settings
) -> None:
    if handoff.state != HandoffState.OPEN:
        _require_theirs(handoff, who)
        return
    handoff.state, handoff.owner, handoff.taken_at = HandoffState.TAKEN, who, now
    note = notes.add(handoff, NoteKind.TAKEN, who, now)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    await say(session, handoff, owner, HandoffCode.TAKEN, key=note["id"], now=now)
    _audit(session, handoff, who, "handoff.taken")
    await announced(session, handoff, "updated", key=note["id"], settings=settings, now=now)


async def _write(
    session: AsyncSession,
    handoff_id: UUID,
    who: str,
    text: str,
    kind: NoteKind,
    *,
    key: str,
    now: datetime,
    settings: Settings,
) -> SetupHandoff:
    handoff, owner = await rows.locked(session, handoff_id)
    if notes.find(handoff, kind, key) is not None:
        return handoff
    await _take(session, handoff, owner, who, now, settings)
    note = notes.add(handoff, kind, who, now, text=text, key=key)
    await _to_seller(session, handoff, who, said(text, MESSAGE_LIMIT), note["id"], now)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    if kind is NoteKind.ASKED:
        await say(session, handoff, owner, HandoffCode.ASKED, key=f"asked:{note['id']}", now=now)
    _audit(session, handoff, who, f"handoff.{kind.value}")
    return handoff


async def _to_seller(
    session: AsyncSession, handoff: SetupHandoff, who: str, text: str, note_id: str, now: datetime
) -> None:
    row = {
        "id": new_id(),
        "session_id": handoff.session_id,
        "tenant_id": handoff.tenant_id,
        "client_id": f"handoff:{handoff.id}:said:{note_id}",
        "role": MessageRole.SUPPORT,
        "text": text,
        "created_at": now,
    }
    await session.flush()
    await bulk.insert(session, SetupMessage, [row])
    told = {"message_id": str(row["id"]), "role": MessageRole.SUPPORT, "author": who, "text": text}
    await append(session, handoff.session_id, EventType.MESSAGE_COMPLETED, told)


async def _close(
    session: AsyncSession,
    handoff_id: UUID,
    who: str,
    state: HandoffState,
    *,
    now: datetime,
    settings: Settings,
    text: str,
) -> SetupHandoff:
    handoff, owner = await rows.locked(session, handoff_id)
    if handoff.state == state:
        return handoff
    if handoff.state != HandoffState.OPEN:
        _require_theirs(handoff, who)
    if state == HandoffState.RETURNED:
        await give_back(session, handoff)
    await failures.clear_all(session, handoff.session_id)
    kind, code = _CLOSING[state]
    handoff.state, handoff.closed_at = state, now
    note = notes.add(handoff, kind, who, now, text=text)
    await happened(session, handoff, EventType.HANDOFF_UPDATED)
    await say(session, handoff, owner, code, key=note["id"], now=now)
    _audit(session, handoff, who, f"handoff.{kind.value}")
    await announced(session, handoff, "closed", key=note["id"], settings=settings, now=now)
    return handoff


def _require_theirs(handoff: SetupHandoff, who: str) -> None:
    if handoff.state != HandoffState.TAKEN:
        raise HandoffClosed
    if handoff.owner != who:
        raise HandoffTaken(owner=handoff.owner)


def _audit(session: AsyncSession, handoff: SetupHandoff, who: str, action: str) -> None:
    subject, session_id = str(handoff.id), str(handoff.session_id)
    tenant_id = handoff.tenant_id
    record(session, actor=f"staff:{who}", action=action, subject=subject, tenant_id=tenant_id, session_id=session_id)
