"""Which time a run looks at. A day begins at its midnight in São Paulo.

Bounds are whole minutes: one gateway tells the second of an order in its list and the minute in its webhook, and a sale
must be on the same side of a bound by both.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import Field

from tracking_core.handoff.sla import ZONE
from tracking_core.models import RunKind

SPAN_MAX = timedelta(days=80)
# Far from the ends of the calendar, where a day has no next one.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
DAYS = {RunKind.HOURLY: 2, RunKind.DAILY: 30}
_DAY = timedelta(days=1)
# Late enough for yesterday's last sales to be heard of, early enough to be read at breakfast.
_DAILY_AT = time(3)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def slot(kind: RunKind, now: datetime) -> datetime:
    """The beginning of the round that is due: one run of an endpoint for each."""
    if kind is RunKind.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0)
    local = now.astimezone(ZONE)
    day = local.date() if local.time() >= _DAILY_AT else local.date() - _DAY
    return datetime.combine(day, _DAILY_AT, ZONE).astimezone(UTC)


def begins(kind: RunKind, now: datetime) -> datetime:
    """The midnight with which the last whole days before today begin."""
    return midnight(day_of(now) - DAYS[kind] * _DAY)
