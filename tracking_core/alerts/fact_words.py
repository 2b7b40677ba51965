"""The numbers of an alert with their names, as people read them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType

from babel.dates import format_timedelta
from babel.numbers import format_decimal, format_percent

from tracking_core.alerts.listing import AlertView
from tracking_core.alerts.registry import Code
from tracking_core.i18n import translate

# What the scope of each is called.
ABOUT: Mapping[Code, str] = MappingProxyType(
    {
        Code.CONNECTION_ON_HOLD: "Dataset",
        Code.TOKEN_EXPIRING: "Dataset",
        Code.GATEWAY_SILENT: "Gateway",
        Code.NOT_RECONCILED: "Gateway",
        Code.ERASURE_UNFINISHED: "Request for erasure",
        Code.QUEUE_DELAY: "Queue",
        Code.WEBHOOKS_UNREAD: "Gateway",
    }
)
_Say = Callable[[float, str], str]


def length_of(span: timedelta, locale: str) -> str:
    return str(format_timedelta(span, threshold=1.5, locale=locale))


def _count(value: float, locale: str) -> str:
    return str(format_decimal(round(value, 2), "#,##0.##", locale=locale))


def _share(value: float, locale: str) -> str:
    return str(format_percent(value, "#,##0.##%", locale=locale))


def _seconds(value: float, locale: str) -> str:
    return length_of(timedelta(seconds=value), locale)


def _minutes(value: float, locale: str) -> str:
    return length_of(timedelta(minutes=value), locale)


# In this order; what is not here is for machines.
FACTS: Mapping[str, tuple[str, _Say]] = MappingProxyType(
    {
        "silent_minutes": ("Silent for", _minutes),
        "expected": ("Usual in that time", _count),
        "listed": ("Sales that only its list told us of", _count),
        "delay_seconds": ("Late by", _seconds),
        "held_minutes": ("On hold for", _minutes),
        "waiting": ("Deliveries that wait", _count),
        "days_left": ("Days left", _count),
        "died": ("Dead letters in an hour", _count),
        "differing": ("Sales that differ", _count),
        "unread_minutes": ("Not read for", _minutes),
        "withheld": ("Paid sales not sent in a day", _count),
        "left_rows": ("Records that remain", _count),
        "failures": ("Times that it failed", _count),
        "cases": ("Cases that are late", _count),
        "unread": ("Webhooks that cannot be read", _count),
        "shops": ("Of so many shops", _count),
        "late_minutes": ("The oldest is late by", _minutes),
        "share": ("Share now", _share),
        "usual_share": ("Usual share", _share),
        "target": ("Promised share", _share),
        "bad": ("Went wrong", _count),
        "total": ("Of so many", _count),
        "sales": ("Of so many sales", _count),
        "long_seconds": ("Within", _seconds),
        "window_seconds": ("Within", _seconds),
        "burn_rate_long": ("Burn rate", _count),
    }
)
_OURS = frozenset({"target", "burn_rate_long"})
SENTENCES = tuple(dict.fromkeys((*ABOUT.values(), *(name for name, _ in FACTS.values()))))


def numbers_of(alert: AlertView, locale: str, *, is_sellers: bool = False) -> tuple[tuple[str, str], ...]:
    """Name and value. A seller is spared what only says how the alert was found."""
    about = ABOUT.get(alert.objective)
    first = ((translate(about, locale), alert.scope_name),) if about and alert.scope_name else ()
    known = (name for name in FACTS if name in alert.facts and not (is_sellers and name in _OURS))
    return (*first, *(_told(name, alert.facts[name], locale) for name in known))


def _told(name: str, value: float, locale: str) -> tuple[str, str]:
    label, say = FACTS[name]
    return translate(label, locale), say(value, locale)
