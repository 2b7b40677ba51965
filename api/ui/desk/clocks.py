"""Times as the desk reads them: the promised moment, what is left until it, how long something is ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracking_core.handoff.sla import ZONE
from tracking_core.i18n import DEFAULT_LOCALE, translate
from tracking_core.models import HandoffState

LEFT = "{duration} left"
LATE = "late by {duration}"
ANSWERED = "answered"
ENDED = "closed"
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_FORMATS = {DEFAULT_LOCALE: ("%H:%M", "%d/%m %H:%M", "%d/%m/%Y %H:%M")}
_FORMAT = ("%H:%M", "%b %d, %H:%M", "%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaClock:
    """``is_running`` until a person has written to the seller; ``words`` say how it stands, without any colour.
    ``left`` and ``late`` are the sentences with their gap, for a page that counts by itself."""

    due_at: str
    moment: str
    is_running: bool
    is_late: bool
    words: str
    left: str
    late: str


def sla_clock(listed: Mapping[str, Any], now: datetime, locale: str) -> SlaClock:
    """``listed`` as ``tracking_core.handoff.queue.listed`` tells a case."""
    seconds, due = listed["seconds_left"], datetime.fromisoformat(listed["due_at"])
    left, late = translate(LEFT, locale), translate(LATE, locale)
    if seconds is None:
        is_live = listed["state"] in (HandoffState.OPEN, HandoffState.TAKEN)
        words = translate(ANSWERED if is_live else ENDED, locale)
    else:
        words = (left if seconds >= 0 else late).format(duration=lasting(abs(seconds)))
    return SlaClock(
        due_at=listed["due_at"],
        moment=moment(due, now, locale),
        is_running=seconds is not None,
        is_late=seconds is not None and seconds < 0,
        words=words,
        left=left,
        late=late,
    )


def lasting(seconds: float) -> str:
    """The two units that matter; ``static/desk.js`` says the same while it counts."""
    whole = int(seconds)
    if whole >= _DAY:
        return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
    if whole >= _HOUR:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"
    return f"{whole // _MINUTE} min {whole % _MINUTE:02} s" if whole >= _MINUTE else f"{whole} s"


def moment(at: datetime, now: datetime, locale: str) -> str:
    """In Brasília's time, as short as today allows."""
    local, today = at.astimezone(ZONE), now.astimezone(ZONE)
    short, dated, full = _FORMATS.get(locale, _FORMAT)
    if local.date() == today.date():
        return local.strftime(short)
    return local.strftime(dated if local.year == today.year else full)
