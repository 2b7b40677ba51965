"""Moments as people read them."""

from datetime import datetime

from babel.dates import format_date, format_time

from tracking_core.handoff.sla import ZONE
from tracking_core.kit import clock


def told(at: datetime | str | None, locale: str) -> str:
    """The time in São Paulo; with the day, where that is not today. Nothing for no moment."""
    if not at:
        return ""
    local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(ZONE)
    clock_time = format_time(local.time(), "short", locale=locale)
    if local.date() == clock.now().astimezone(ZONE).date():
        return clock_time
    return f"{format_date(local.date(), 'short', locale=locale)} {clock_time}"


def iso(at: datetime | str | None) -> str:
    """For machines."""
    return at if isinstance(at, str) else at.isoformat() if at else ""
