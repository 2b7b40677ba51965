"""A notification as titled lines for people: what every channel shows, each in its own markup.

What strangers wrote (the seller, pages, providers) is one printable line each, and the channel escapes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from pydantic import ValidationError

from tracking_core.handoff.action_words import action_word, state_word
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.notes import NoteKind
from tracking_core.handoff.package import HandoffPackage
from tracking_core.handoff.sla import ZONE
from tracking_core.i18n import DEFAULT_LOCALE, translate
from tracking_core.identity.text import visible
from tracking_core.notifications import texts
from tracking_core.notifications.kinds import Kind
from tracking_core.notifications.message import Message

_LINE, _ATTEMPTS, _STEPS = 600, 8, 12


@dataclass(frozen=True, slots=True)
class Section:
    """``title`` is empty for what stands first."""

    title: str
    lines: tuple[str, ...]


def sections(message: Message) -> list[Section]:
    """News first; the whole case where nothing of it has arrived yet, or nobody has answered it in time."""
    shown = [Section("", (headline(message), *_news(message)))]
    if message.is_first or message.kind is Kind.BREACHED:
        shown += _case(message)
    return [*shown, Section("", tuple(_foot(message)))]


def headline(message: Message) -> str:
    """What happened, in one sentence."""
    match message.kind:
        case Kind.BREACHED:
            return _filled(texts.BREACHED, due=moment(message.due_at))
        case Kind.CHANNEL_DEAD:
            sentence = texts.CHANNEL_DEAD if message.failing.get("is_dead") else texts.CHANNEL_FAILING
            return _filled(sentence, channel=message.failing.get("channel"), error=message.failing.get("error"))
        case Kind.CLOSED:
            return translate(texts.CLOSED.get(message.state, texts.CLOSED_OTHERWISE))
    return translate(texts.HEADLINES[message.kind])


def reason_of(message: Message) -> str:
    known = message.reason in list(Reason)
    return translate(SENTENCES[Reason(message.reason) if known else Reason.OTHER])


def last_note(message: Message, *kinds: NoteKind) -> Mapping[str, Any]:
    """The newest note of the kinds, or of any; empty when there is none."""
    wanted = (one for one in reversed(message.notes) if not kinds or one.get("kind") in kinds)
    return next(wanted, {})


def moment(at: datetime) -> str:
    """In Brasília's time, as the desk reads it."""
    return format_datetime(at.astimezone(ZONE), "dd/MM/yyyy HH:mm", locale=DEFAULT_LOCALE)


def one_line(said: object, limit: int = _LINE) -> str:
    text = " ".join(visible(" ".join(str(said).split())).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _news(message: Message) -> Iterator[str]:
    if message.kind in (Kind.UPDATED, Kind.SELLER_SAID, Kind.CLOSED):
        is_sellers = message.kind is Kind.SELLER_SAID
        note = last_note(message, NoteKind.SELLER_SAID) if is_sellers else last_note(message)
        if note.get("text"):
            yield f"{one_line(note.get('by', ''), 80)}: {one_line(note['text'], 2_000)}"


def _case(message: Message) -> list[Section]:
    try:
        package = HandoffPackage.from_json(message.package)
    except ValidationError:
        # A case of another version is still a case: its reason and its link are in the rows.
        return [Section("", (reason_of(message),))]
    parts = (
        (texts.SUMMARY, package.conversation.summary),
        (texts.STAGES, _stages(package)),
        (texts.ATTEMPTS, _attempts(package)),
        (texts.LAST_SAID, [package.last_said.text] if package.last_said else []),
        (texts.CHECKLIST, [one.text for one in package.external_state.undo_checklist][:_STEPS]),
        (texts.ANSWERED, [f"{one.question} {one.answer}" for one in package.next_step.answered]),
        (texts.NEXT_STEP, [package.next_step.text]),
        (texts.CONTACT, _contact(message, package)),
        (texts.LINK, [package.case.link]),
        (texts.GIVE_BACK, [f"{one.label}: {one.method} {one.path}" for one in package.give_back]),
    )
    return [Section(translate(title), _lines(lines)) for title, lines in parts if lines]


def _stages(package: HandoffPackage) -> list[str]:
    return [
        f"{'✓' if one.is_working else '✗'} {one.label}" + (f": {one.message}" if one.message else "")
        for one in package.progress.stages
    ]


def _attempts(package: HandoffPackage) -> list[str]:
    return [
        f"{moment(one.last_at)} · {action_word(one.action, DEFAULT_LOCALE)}"
        f" · {one.code or state_word(one.state, DEFAULT_LOCALE)} · {one.count}×"
        for one in package.attempts[:_ATTEMPTS]
    ]


def _contact(message: Message, package: HandoffPackage) -> list[str]:
    known = [message.contact.get(name, "") for name in ("name", "email", "phone")]
    return [" · ".join(filter(None, known))] if any(known) else [package.customer.name]


def _foot(message: Message) -> Iterator[str]:
    yield _filled(texts.DUE, priority=one_line(message.priority, 8), due=moment(message.due_at))
    yield _filled(texts.CASE, handoff=message.handoff_id, session=message.session_id)


def _lines(said: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(line) for line in said)


def _filled(msgid: str, **params: object) -> str:
    return translate(msgid).format(**{name: one_line(value, 80) for name, value in params.items()})
