"""Open a case, add to it, and read it. What the desk does with one is in ``desk``.

Every change is an event of the session, a sentence to the seller, a note on the case, an audit entry and a row of the
channels' outbox, in the caller's transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.handoff import notes
from tracking_core.handoff.build import Trouble
from tracking_core.handoff.codes import HandoffCode, Priority, Reason, priority_of
from tracking_core.handoff.contact import contact_of, keep_contact
from tracking_core.handoff.desk import ask_seller, on_seller_message, release, reply, resolve, resume, take
from tracking_core.handoff.languages import write_package
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.package import PACKAGE_VERSION
from tracking_core.handoff.rows import current, insert_open, latest, lock_session
from tracking_core.handoff.sla import due_at
from tracking_core.handoff.telling import announced, happened, say
from tracking_core.kit.ids import new_id, stable_hex
from tracking_core.models import HandoffState, SetupHandoff, SetupSession
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType

__all__ = [
    "ask_seller",
    "contact_of",
    "current",
    "keep_contact",
    "latest",
    "on_seller_message",
    "open_",
    "release",
    "reply",
    "resolve",
    "resume",
    "take",
]
_TRIES = 3


async def open_(
    session: AsyncSession,
    owner: SetupSession,
    *,
    reason: Reason,
    step: str | None,
    code: str | None,
    actor: str,
    now: datetime,
    settings: Settings,
    prompt: str | None = None,
    note: str = "",
) -> tuple[SetupHandoff, bool]:
    """The session's case, and whether it is new: a later escalation is added to the one that is open or taken.

    ``step`` is a ``Stage``, ``code`` what failed there, ``note`` the seller's own words. The same escalation again
    refreshes the case file and tells nobody anything.
    """
    asked = _Escalation(reason, Trouble(step=step, code=code), actor, now, note)
    locked = await lock_session(session, owner.id)
    for _ in range(_TRIES):
        if (there := await current(session, owner.id, lock=True)) is not None:
            await _add(session, there, locked, asked, settings)
            return there, False
        if (made := await insert_open(session, _new(locked, asked, prompt))) is not None:
            await _begin(session, made, locked, asked, settings)
            return made, True
    raise AssertionError("a case came and went while its session was locked")


@dataclass(frozen=True, slots=True)
class _Escalation:
    reason: Reason
    trouble: Trouble
    actor: str
    now: datetime
    note: str = field(repr=False)

    @property
    def key(self) -> str:
        """The same for the same thing; the words themselves may hold anything and are not repeated in it."""
        said = (self.reason, self.trouble.step, self.trouble.code, self.note)
        return stable_hex("escalation", *said)


def _new(owner: SetupSession, asked: _Escalation, prompt: str | None) -> SetupHandoff:
    priority = priority_of(asked.reason)
    return SetupHandoff(
        id=new_id(),
        session_id=owner.id,
        tenant_id=owner.tenant_id,
        reason=asked.reason.value,
        priority=priority.value,
        package_version=PACKAGE_VERSION,
        prompt=prompt,
        due_at=due_at(priority, asked.now),
        created_at=asked.now,
        updated_at=asked.now,
    )


async def _begin(
    session: AsyncSession, made: SetupHandoff, owner: SetupSession, asked: _Escalation, settings: Settings
) -> None:
    _note(made, asked)
    await write_package(session, made, owner, asked.trouble, settings)
    await happened(session, made, EventType.HANDOFF_CREATED)
    await say(session, made, owner, HandoffCode.OPENED, key="opened", now=asked.now)
    _audit(session, made, asked, "handoff.opened")
    await announced(session, made, "created", key="created", settings=settings, now=asked.now)


async def _add(
    session: AsyncSession, there: SetupHandoff, owner: SetupSession, asked: _Escalation, settings: Settings
) -> None:
    is_new = notes.find(there, NoteKind.ESCALATED, asked.key) is None
    if is_new:
        notes.make_room(there)
        started = _raise(there, asked)
        note = _note(there, asked, **started)
    await write_package(session, there, owner, asked.trouble, settings)
    if not is_new:
        return
    await happened(session, there, EventType.HANDOFF_UPDATED)
    if there.state == HandoffState.OPEN:  # the person who has it reads along
        await say(session, there, owner, HandoffCode.ADDED, key=note["id"], now=asked.now)
    _audit(session, there, asked, "handoff.added")
    await announced(session, there, "updated", key=note["id"], settings=settings, now=asked.now)


def _raise(there: SetupHandoff, asked: _Escalation) -> dict[str, str]:
    """More urgent than it was, never less: the clock starts again, and what was promised is due no later. What its note
    says of that."""
    priority = priority_of(asked.reason)
    if priority >= Priority(there.priority):
        return {}
    due = due_at(priority, asked.now)
    there.due_at = due if notes.is_answered(there) else min(there.due_at, due)
    there.priority, there.reason, there.breached_at = priority.value, asked.reason.value, None
    return {"due_at": there.due_at.isoformat()}


def _note(handoff: SetupHandoff, asked: _Escalation, **started: str) -> dict[str, str]:
    trouble = asked.trouble
    said = {"reason": asked.reason.value, "step": trouble.step, "code": trouble.code, **started}
    return notes.add(handoff, NoteKind.ESCALATED, asked.actor, asked.now, text=asked.note, key=asked.key, **said)


def _audit(session: AsyncSession, handoff: SetupHandoff, asked: _Escalation, action: str) -> None:
    record(
        session,
        actor=asked.actor,
        action=action,
        subject=str(handoff.id),
        tenant_id=handoff.tenant_id,
        session_id=str(handoff.session_id),
        reason=asked.reason.value,
        priority=handoff.priority,
    )
