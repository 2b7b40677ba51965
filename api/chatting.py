"""Take a chat message in: scanned first, its credentials in the vault, then kept, told and answered.

No transaction is open while a secrets manager is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.chat.codes import ChatCode
from tracking_core.chat.keep import ChatFull, asked_last, before, keep, known, mend, require_room
from tracking_core.chat.redaction import cut
from tracking_core.db.engine import after_commit, transaction
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    ScreenshotState,
    SecretKind,
    SecretState,
    SetupMessage,
    SetupScreenshot,
    SetupSession,
    Tenant,
    VaultSecret,
)
from tracking_core.safety.patterns import MASK
from tracking_core.safety.split import Said, SplitFinding, ending_reference, scan_across
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.secrets.rows import reference_of, row_of
from tracking_core.setup import messages as hub_messages
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants
from tracking_core.worker.doorbell import Bell, Doorbell

EMPTY = "Write something, or attach a screenshot."
NO_SCREENSHOT = "This setup has no screenshot with this id."
_CONTINUATION, _PERSONAL = "continuation", "personal_"
_PURPOSE = "chat_split"
_TRIES = 5
# More than a setup needs many times over; the rest of a flood is masked.
_SECRETS_MAX = 20
# Shorter answers are accounts, names and codes.
_ANSWER_CHARACTERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What came. ``client_id`` is the sender's name for it, if it has one."""

    text: str = field(repr=False)
    attachments: tuple[UUID, ...]
    client_id: str
    actor: str

    @property
    def name(self) -> str:
        """Apart from the names that the hub gives its own messages."""
        return f"seller:{self.client_id or new_id()}"


@dataclass(slots=True)
class _Taken:
    """A message on its way in. ``earlier`` are the seller's messages it is scanned with, oldest first, ``asked`` what
    we said last if nothing of theirs came after it."""

    owner: SetupSession
    tenant: Tenant
    earlier: list[SetupMessage]
    asked: str
    found: list[SplitFinding] = field(default_factory=list, repr=False)
    rows: dict[int, VaultSecret] = field(default_factory=dict, repr=False)
    superseded: list[str] = field(default_factory=list)


async def receive(session_id: UUID, tenant_id: UUID, words: Words, *, doorbell: Doorbell) -> tuple[SetupMessage, bool]:
    """The message as it is kept, and whether it is new. Raises InvalidRequest, ChatFull, SecretStoreUnavailable."""
    name = words.name
    for _ in range(_TRIES):
        async with transaction() as session:
            owner = await sessions.get(session, session_id, caller=tenant_id)
            if (there := await known(session, session_id, name)) is not None:
                return there, False
            await require_room(session, session_id)
            await _require_screenshots(session, owner, words)
            tenant = await tenants.get(session, tenant_id)
            taken = _Taken(owner, tenant, await before(session, session_id), await asked_last(session, session_id))
        await _scan(taken, words)
        await _seal(taken, words.actor)
        async with transaction() as session:
            await session.get_one(SetupSession, session_id, with_for_update=True, populate_existing=True)
            now_before = await before(session, session_id)
            # Another message came in between, and a credential may have begun in it.
            if [one.id for one in now_before] != [one.id for one in taken.earlier]:
                continue
            message, is_new = await _keep(session, taken, words, name)
            after_commit(session, doorbell.after_commit(Bell.CHAT, str(session_id)))
        return message, is_new
    raise ChatFull(retry_after_seconds=1)


async def _require_screenshots(session: AsyncSession, owner: SetupSession, words: Words) -> None:
    if not words.text.strip() and not words.attachments:
        raise InvalidRequest([{"field": "body.text", "code": "empty", "message": EMPTY}])
    query = select(SetupScreenshot.id).where(
        SetupScreenshot.session_id == owner.id,
        col(SetupScreenshot.id).in_(words.attachments),
        SetupScreenshot.state != ScreenshotState.DISCARDED,
    )
    there = set((await session.scalars(query)).all())
    if lacking := [at for at, one in enumerate(words.attachments) if one not in there]:
        unknown = [{"field": f"body.attachments.{at}", "code": "unknown", "message": NO_SCREENSHOT} for at in lacking]
        raise InvalidRequest(unknown)


async def _scan(taken: _Taken, words: Words) -> None:
    """With what stands before it; a credential that was taken for whole and goes on is opened and read together."""
    said = [Said(one.text) for one in taken.earlier]
    taken.found = scan_across(*said, words.text)
    reference = ending_reference(said[-1].text) if said else None
    if reference and any(one.rule == _CONTINUATION for one in taken.found):
        opened = await _opened(taken, reference, words.actor)
        if opened is not None:
            taken.found = scan_across(*said[:-1], opened, words.text)
            taken.superseded += [reference for one in taken.found if one.replaces][:1]
    if taken.asked:
        taken.found += _answers(taken, words.text)


def _answers(taken: _Taken, text: str) -> list[SplitFinding]:
    """What is a credential only as the answer to our question, and long enough to be nothing else."""
    at = len(taken.earlier)
    mine = [piece for one in taken.found for piece in one.pieces if piece.message == at]
    found = [one for one in scan_across(taken.asked, text) if len(one.value) >= _ANSWER_CHARACTERS]
    moved = [replace(one, pieces=tuple(replace(piece, message=at) for piece in one.pieces)) for one in found]
    return [
        one
        for one in moved
        if len(one.pieces) == 1
        and not any(one.pieces[0].start < piece.end and piece.start < one.pieces[0].end for piece in mine)
    ]


async def _opened(taken: _Taken, reference: str, actor: str) -> Said | None:
    """What the earlier message ends with, its value for the scan alone; None when it is in use or gone."""
    try:
        async with transaction() as session:
            row = await row_of(session, reference, taken.owner.tenant_id)
            if row.state != SecretState.UNVERIFIED:
                return None
            admitted = await vault.admit(
                session,
                reference,
                tenant_id=row.tenant_id,
                session_id=taken.owner.id,
                kind=SecretKind(row.kind),
                actor=actor,
                purpose=_PURPOSE,
            )
        value = await vault.unseal(admitted)
    except SecretUnknown:
        return None
    return Said(taken.earlier[-1].text, value.reveal(), SecretKind(row.kind))


async def _seal(taken: _Taken, actor: str) -> None:
    """Everything that is a credential into the vault; a document or a card only leaves its mask."""
    for at, one in enumerate(taken.found):
        if one.rule.startswith(_PERSONAL) or len(taken.rows) >= _SECRETS_MAX:
            continue
        try:
            taken.rows[at] = await vault.seal(
                tenant=taken.tenant,
                kind=one.kind,
                value=one.value,
                actor=actor,
                session_id=taken.owner.id,
                now=clock.now(),
            )
        except InvalidRequest:  # no credential has this form: it is masked and kept nowhere
            continue


async def _keep(session: AsyncSession, taken: _Taken, words: Words, name: str) -> tuple[SetupMessage, bool]:
    texts = cut(
        [*(one.text for one in taken.earlier), words.text],
        taken.found,
        lambda one: _reference(taken, one),
    )
    owner = await session.get_one(SetupSession, taken.owner.id)
    message, is_new = await keep(
        session,
        owner,
        text=texts[-1],
        client_id=name,
        attachments=words.attachments,
        secrets=[_shown(row) for row in taken.rows.values()],
        now=clock.now(),
    )
    if is_new:
        await _settle(session, taken, words, texts, owner, message)
    return message, is_new


async def _settle(
    session: AsyncSession,
    taken: _Taken,
    words: Words,
    texts: Sequence[str],
    owner: SetupSession,
    message: SetupMessage,
) -> None:
    """What comes with a new message: its credentials, the mended message before it, and the word to the seller."""
    for row in taken.rows.values():
        vault.store(session, row)
    for one, text in zip(taken.earlier, texts, strict=False):
        if text != one.text:
            await mend(session, one, text)
    for reference in taken.superseded:
        await vault.revoke(session, reference, tenant_id=owner.tenant_id, actor=words.actor, now=clock.now())
    if taken.rows:
        await hub_messages.say(session, owner, f"protected:{message.id}", ChatCode.SECRET_PROTECTED, None)
    if any(one.rule.startswith(_PERSONAL) for one in taken.found):
        await hub_messages.say(session, owner, f"masked:{message.id}", ChatCode.PERSONAL_MASKED, None)


def _reference(taken: _Taken, found: SplitFinding) -> str:
    row = taken.rows.get(taken.found.index(found))
    return reference_of(row) if row else MASK


def _shown(row: VaultSecret) -> dict[str, str]:
    return {"reference": reference_of(row), "kind": row.kind, "last4": row.last4}
