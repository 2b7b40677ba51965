"""The report as its pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from pydantic import BaseModel, ConfigDict

from api.ui.operations.forms import Form
from api.ui.operations.sayings import Sayings
from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.kit import clock
from tracking_core.reconciliation.report import DayReport, Report, Told
from tracking_core.reconciliation.runs import RunRow
from tracking_core.reconciliation.window import Day, day_of
from tracking_core.reporting.pages import Page
from tracking_core.reporting.sentences import of_reason

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_DATES, _DATE = {DEFAULT_LOCALE: "dd/MM/yyyy"}, "yyyy-MM-dd"


class Asked(BaseModel):
    """Days, both shown; the last week where nothing is said."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    since: Day | None = None
    until: Day | None = None

    @property
    def last(self) -> date:
        return self.until or day_of(clock.now())

    @property
    def first(self) -> date:
        return self.since or self.last - _WEEK + _DAY


class DaySayings(Sayings):
    """Days of orders, and what a decision means, too."""

    def day(self, day: date) -> str:
        return format_date(day, _DATES.get(self.locale, _DATE), locale=self.locale)

    def reason(self, reason: str | None) -> str:
        return self.told(of_reason(reason))


@dataclass(frozen=True, slots=True)
class DayOf:
    """A sale that differs, with the day it belongs to."""

    day: DayReport
    told: Told


@dataclass(frozen=True, slots=True)
class Shown:
    """``differing`` are days; of their sales the page shows the ``differences`` that were read."""

    report: Report
    runs: Page[RunRow]

    @property
    def days(self) -> Sequence[DayReport]:
        return self.report.days

    @property
    def differing(self) -> int:
        return sum(not day.is_equal for day in self.days)

    @property
    def differences(self) -> list[DayOf]:
        return [DayOf(day, told) for day in self.days for told in day.differences]

    @property
    def more(self) -> int:
        return sum(day.differing for day in self.days) - len(self.differences)


def asked_of(form: Form) -> Asked:
    """Days as a calendar field sends them, and nothing else. Raises ValidationError."""
    return Asked.model_validate(_given(form.fields))


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields[name].strip() for name in Asked.model_fields if fields.get(name, "").strip()}
