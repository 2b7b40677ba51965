"""What happened in a case, newest last: what was tried, and what people and the hub did and said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api.ui.desk.clocks import moment
from api.ui.desk.words import NOTES, word
from tracking_core.handoff.action_words import action_word, state_word
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.texts import said
from tracking_core.i18n import translate
from tracking_core.models import SetupActionLog, SetupHandoff
from tracking_core.setup.meanings import all_meanings, describe

SHOWN = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``kind`` is a note's, or ``attempt``; ``text`` quotes a person, ``detail`` is a sentence of ours;
    ``count`` says how often the same was tried without a break since ``since``."""

    kind: str
    at: datetime
    moment: str
    title: str
    state: str = ""
    state_word: str = ""
    code: str = ""
    text: str = ""
    detail: str = ""
    count: int = 1
    since: str = ""


def timeline(
    handoff: SetupHandoff, ledger: Sequence[SetupActionLog], now: datetime, locale: str
) -> tuple[tuple[Entry, ...], int]:
    """The newest ``SHOWN``, and how many came before them. ``ledger`` is in its order; of a closed case counts what
    came before its end."""
    end = handoff.closed_at
    tried = [_tried(one, now, locale) for one in ledger if end is None or one.started_at <= end]
    noted = [_noted(one, now, locale) for one in handoff.notes]
    merged = _folded(sorted([*tried, *noted], key=lambda one: one.at))
    return tuple(merged[-SHOWN:]), max(len(merged) - SHOWN, 0)


def _folded(entries: Sequence[Entry]) -> list[Entry]:
    """The same attempt again and again, with nothing in between, is one line."""
    folded: list[Entry] = []
    for one in entries:
        last = folded[-1] if folded else None
        if last is not None and one.kind == "attempt" and _sign(last) == _sign(one):
            folded[-1] = replace(one, count=last.count + one.count, since=last.since or last.moment)
        else:
            folded.append(one)
    return folded


def _sign(one: Entry) -> tuple[str, ...]:
    return one.kind, one.title, one.state, one.code, one.detail


def _tried(one: SetupActionLog, now: datetime, locale: str) -> Entry:
    at = one.finished_at or one.started_at
    known = one.code if one.code in all_meanings() else None
    sentence = describe(known, one.output.get("params", {}), locale)["message"] if known else ""
    return Entry(
        kind="attempt",
        at=at,
        moment=moment(at, now, locale),
        title=action_word(one.action, locale),
        state=one.state,
        state_word=state_word(one.state, locale),
        code=one.code or "",
        detail=said(sentence),
        count=1 + len(one.output.get("earlier", ())),
    )


def _noted(note: Mapping[str, Any], now: datetime, locale: str) -> Entry:
    at = datetime.fromisoformat(note["at"])
    return Entry(
        kind=note["kind"],
        at=at,
        moment=moment(at, now, locale),
        title=word(NOTES, note["kind"], locale).replace("{by}", str(note["by"])),
        code=note.get("code") or "",
        text=note.get("text", ""),
        detail=translate(SENTENCES[Reason(note["reason"])], locale) if note.get("reason") else "",
    )
