"""Times, money and numbers as the reader writes them; times are those of São Paulo."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from markupsafe import Markup

from tracking_core.handoff.sla import ZONE
from tracking_core.i18n import DEFAULT_LOCALE, translate
from tracking_core.kit import clock
from tracking_core.reporting.metrics import Unit
from tracking_core.reporting.sentences import Sentence

_DATE_TIME = {DEFAULT_LOCALE: "dd/MM/yyyy HH:mm"}
_DATE_TIME_SECONDS = {DEFAULT_LOCALE: "dd/MM/yyyy HH:mm:ss"}
_ISO, _ISO_SECONDS = "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss"
_SHORT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sayings:
    """What a template formats with, in one language."""

    locale: str

    def moment(self, at: datetime, *, seconds: bool = False) -> str:
        formats, other = (_DATE_TIME_SECONDS, _ISO_SECONDS) if seconds else (_DATE_TIME, _ISO)
        return format_datetime(at.astimezone(ZONE), formats.get(self.locale, other), locale=self.locale)

    def when(self, at: datetime | None, *, seconds: bool = False) -> Markup:
        """As a ``time`` element, which tells machines the same."""
        if at is None:
            return Markup("–")
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), self.moment(at, seconds=seconds))

    def ago(self, at: datetime) -> str:
        """How far away it is, without saying on which side."""
        return self.span(abs(clock.now() - at))

    def span(self, length: timedelta) -> str:
        return format_timedelta(length, threshold=1.5, locale=self.locale)

    def seconds(self, value: float) -> str:
        if value < _SHORT.total_seconds():
            return f"{format_decimal(value, '#,##0.##', locale=self.locale)} s"
        return self.span(timedelta(seconds=value))

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        if amount is None:
            return "–"
        return format_currency(amount, currency, locale=self.locale) if currency else self.number(amount)

    def number(self, value: float | Decimal) -> str:
        return format_decimal(value, "#,##0.###", locale=self.locale)

    def score(self, value: Decimal | float) -> str:
        return format_decimal(value, "0.00#", locale=self.locale)

    def value(self, value: float | None, unit: Unit) -> str:
        """A point of a chart."""
        if value is None:
            return "–"
        if unit is Unit.RATIO:
            return format_percent(value, "#,##0.#%", locale=self.locale)
        return self.seconds(value) if unit is Unit.SECONDS else self.number(value)

    def told(self, sentence: Sentence | None) -> str:
        return sentence.told(self.locale) if sentence else ""

    def tr(self, msgid: str) -> str:
        """A sentence of the core, which carries its msgid."""
        return translate(msgid, self.locale)
