"""Until when a person is to answer, and how that is told. Pure; every instant is timezone-aware.

P1 counts around the clock. P2 counts in business hours, Monday to Friday 09:00 to 18:00 in São Paulo without national
holidays; P3 is due at noon of the next business day.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from tracking_core.handoff.codes import Priority
from tracking_core.handoff.holidays import is_holiday
from tracking_core.i18n import translate

ZONE = ZoneInfo("America/Sao_Paulo")
OPENS, CLOSES, END_OF_MORNING = time(9), time(18), time(12)
_P1, _P2 = timedelta(minutes=30), timedelta(hours=2)
_DAY = timedelta(days=1)
LATE = "We are later than we promised: the team was reminded, and a person answers as soon as one is free."
TODAY = "A person answers today by {time} (Brasília time)."
TOMORROW = "A person answers tomorrow by {time} (Brasília time)."
LATER = "A person answers by {time} (Brasília time) on {date}."


def due_at(priority: Priority, created_at: datetime) -> datetime:
    """The latest moment for a person's first answer, in UTC."""
    if priority is Priority.P1:
        return (created_at + _P1).astimezone(UTC)
    local = created_at.astimezone(ZONE)
    if priority is Priority.P2:
        return _worked(local, _P2).astimezone(UTC)
    return _at(_next_business_day(local), END_OF_MORNING).astimezone(UTC)


def eta_text(due: datetime, now: datetime, locale: str) -> str:
    """One sentence: the promise, or that it was not kept."""
    if due <= now:
        return translate(LATE, locale)
    local, today = due.astimezone(ZONE), now.astimezone(ZONE).date()
    msgid = {today: TODAY, today + _DAY: TOMORROW}.get(local.date(), LATER)
    said = {
        "time": format_time(local.time(), "short", locale=locale),
        "date": format_date(local.date(), "full", locale=locale),
    }
    return translate(msgid, locale).format_map(said)


def is_business_day(day: datetime) -> bool:
    return day.weekday() < 5 and not is_holiday(day.date())


def _worked(local: datetime, left: timedelta) -> datetime:
    """When that much of business time has passed."""
    begin = _opening(local)
    while (room := _at(begin, CLOSES) - begin) < left:
        left -= room
        begin = _opening(_at(begin, CLOSES))
    return begin + left


def _opening(local: datetime) -> datetime:
    """The same moment if somebody is there, else the next one when somebody is."""
    if is_business_day(local) and local.time() < CLOSES:
        return max(local, _at(local, OPENS))
    return _at(_next_business_day(local), OPENS)


def _next_business_day(local: datetime) -> datetime:
    day = local + _DAY
    while not is_business_day(day):
        day += _DAY
    return day


def _at(day: datetime, clock_time: time) -> datetime:
    return datetime.combine(day.date(), clock_time, ZONE)
