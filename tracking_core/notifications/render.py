"""The same notification as a subject, as plain text, as HTML, as Chatwoot's Markdown and as JSON."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate
from typing import Any

import orjson

from tracking_core.handoff.notes import NoteKind
from tracking_core.i18n import translate
from tracking_core.notifications import texts
from tracking_core.notifications.kinds import Kind
from tracking_core.notifications.message import Message
from tracking_core.notifications.sections import Section, last_note, one_line, reason_of, sections

NOTES_LIMIT_BYTES = 262_144
_SUBJECT_LIMIT = 150
# What begins or ends a link, a picture, emphasis, code, a mention or a block; a line's beginning is always ours.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!@])")
_ADDRESS = re.compile(r"((?:https?://|www\.)\S*)", re.IGNORECASE)


def subject(message: Message) -> str:
    """One line. All of one case share it, so that mail readers keep them together; lateness comes before."""
    said = one_line(f"[{message.priority}] {message.tenant_name}: {reason_of(message)}", _SUBJECT_LIMIT)
    if message.kind is Kind.BREACHED:
        return f"{translate(texts.LATE)}: {said}"
    return said if message.is_first else f"Re: {said}"


def plain(message: Message) -> str:
    return "\n\n".join(_plain(one) for one in sections(message)) + "\n"


def html(message: Message) -> str:
    """Without styles, pictures or links that strangers chose."""
    parts = "".join(_html(one) for one in sections(message))
    return f'<!doctype html><html lang="pt-BR"><body>{parts}</body></html>'


def markdown(message: Message) -> str:
    return "\n\n".join(_markdown(one) for one in sections(message))


def sellers_words(message: Message) -> str:
    """What the seller wrote, as they wrote it; empty when the notes say nothing of it."""
    return str(last_note(message, NoteKind.SELLER_SAID).get("text", ""))


def as_json(message: Message) -> dict[str, Any]:
    """``package`` in the schema of ``package_version``; ``notes`` are the newest, and ``notes_omitted`` came before
    them. The seller's contact is not in it."""
    notes = _newest(message.notes)
    return {
        "notification_id": str(message.id),
        "handoff_id": str(message.handoff_id),
        "session_id": str(message.session_id),
        "tenant_id": str(message.tenant_id),
        "kind": message.kind.value,
        "state": message.state,
        "reason": message.reason,
        "priority": message.priority,
        "due_at": message.due_at.isoformat(),
        "package_version": message.package_version,
        "package": message.package,
        "notes": notes,
        "notes_omitted": len(message.notes) - len(notes),
        "failing": dict(message.failing) or None,
    }


def _newest(notes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Oldest first, as many as have room."""
    sizes = accumulate(len(orjson.dumps(one)) for one in reversed(notes))
    count = sum(1 for size in sizes if size <= NOTES_LIMIT_BYTES)
    return list(notes[len(notes) - count :])


def _plain(section: Section) -> str:
    if not section.title:
        return "\n".join(section.lines)
    return "\n".join([section.title, *(f"- {line}" for line in section.lines)])


def _html(section: Section) -> str:
    if not section.title:
        return "".join(f"<p>{escape(line)}</p>" for line in section.lines)
    items = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    return f"<h3>{escape(section.title)}</h3><ul>{items}</ul>"


def _markdown(section: Section) -> str:
    lines = [_escaped(line) for line in section.lines]
    if not section.title:
        return "\n\n".join(lines)
    return "\n".join([f"**{_escaped(section.title)}**", *(f"- {line}" for line in lines)])


def _escaped(line: str) -> str:
    """Markdown that shows the line as it is. Addresses stand as code, so that none becomes a link."""
    parts = _ADDRESS.split(line)
    return "".join(
        f"`{part.replace('`', '')}`" if number % 2 else _MARKDOWN.sub(r"\\\1", part)
        for number, part in enumerate(parts)
    )
