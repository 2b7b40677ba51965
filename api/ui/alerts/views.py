"""Alerts, objectives and channels as the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.numbers import format_percent

from api.ui.alerts.words import NUMBERS, shown
from tracking_core.alerts.budgets import Budget
from tracking_core.alerts.fact_words import length_of, numbers_of
from tracking_core.alerts.listing import AlertView
from tracking_core.alerts.registry import PAIRS
from tracking_core.alerts.seller_words import advice_to
from tracking_core.alerts.setting import NumberView
from tracking_core.i18n import translate
from tracking_core.models import AlertState


@dataclass(frozen=True, slots=True)
class AlertCard:
    """``row`` with what its reader is told of it. ``length`` is how long it has lasted, or did."""

    row: AlertView
    said: str
    numbers: Sequence[tuple[str, str]]
    advice: str
    length: str
    is_silenced: bool


def alert_card(row: AlertView, locale: str, now: datetime, *, is_sellers: bool = False) -> AlertCard:
    return AlertCard(
        row=row,
        said=row.sentence.told(locale),
        numbers=numbers_of(row, locale, is_sellers=is_sellers),
        advice=advice_to(row, locale, is_sellers=is_sellers),
        length=length_of((row.recovered_at or now) - row.opened_at, locale),
        is_silenced=row.state is AlertState.OPEN and row.silenced_until is not None and row.silenced_until > now,
    )


@dataclass(frozen=True, slots=True)
class Burn:
    """One pair of windows: an alert is raised when both burn at ``limit`` or faster."""

    long: str
    long_rate: float
    short: str
    short_rate: float
    limit: float
    is_burning: bool


def burns(budget: Budget, locale: str) -> list[Burn]:
    rates = {one.window_seconds: one.rate for one in budget.burns}
    made = []
    for pair in PAIRS:
        long, short = (rates[int(window.total_seconds())] for window in (pair.long, pair.short))
        is_burning = min(long, short) >= pair.rate
        made.append(Burn(_window(pair.long, locale), long, _window(pair.short, locale), short, pair.rate, is_burning))
    return made


def left(budget: Budget) -> float:
    """Of the budget, as a bar shows it: from 0 to 1."""
    return min(max(budget.remaining, 0.0), 1.0)


def measured(budget: Budget) -> float:
    return budget.good / budget.total if budget.total else 1.0


def share(value: float, locale: str) -> str:
    return str(format_percent(value, "#,##0.##%", locale=locale))


@dataclass(frozen=True, slots=True)
class NumberField:
    """``value`` as it is typed; ``hint`` says the bounds and the default."""

    name: str
    label: str
    value: str
    least: str
    most: str
    default: str
    error: str = ""


def number_fields(
    numbers: Mapping[str, NumberView], locale: str, *, said: Mapping[str, str] = {}, errors: Mapping[str, str] = {}
) -> list[NumberField]:
    return [
        NumberField(
            name=name,
            label=translate(NUMBERS[name], locale),
            value=said.get(name, shown(name, one.value, locale)),
            least=shown(name, one.least, locale),
            most=shown(name, one.most, locale),
            default=shown(name, one.default, locale),
            error=errors.get(name, ""),
        )
        for name, one in numbers.items()
    ]


def _window(span: timedelta, locale: str) -> str:
    return length_of(span, locale)
