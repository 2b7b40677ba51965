"""Short names of objectives, and of the numbers that may be set; English msgids."""

from collections.abc import Mapping
from types import MappingProxyType

from babel.numbers import format_decimal

from tracking_core.alerts.registry import Code
from tracking_core.alerts.setting import NumberView
from tracking_core.errors import InvalidRequest
from tracking_core.i18n import translate

TITLES: Mapping[Code, str] = MappingProxyType(
    {
        Code.SALES_AT_META: "Sales at Meta in time",
        Code.CAPI_ERRORS: "Errors of Meta's API",
        Code.MATCH_RATE_DROP: "Matches of sales and clicks",
        Code.QUEUE_DELAY: "Delay of the work",
        Code.GATEWAY_SILENT: "Silence of a gateway",
        Code.BROWSER_SILENT: "Silence of the page",
        Code.CONNECTION_ON_HOLD: "Connections on hold",
        Code.TOKEN_EXPIRING: "Tokens that expire",
        Code.DEAD_LETTERS: "Dead letters",
        Code.NOT_RECONCILED: "Comparison with the gateway",
        Code.SALES_WITHHELD: "Sales without a dataset",
        Code.ERASURE_UNFINISHED: "Erasures that did not end well",
        Code.HANDOFF_LATE: "Late answers to sellers",
        Code.WEBHOOKS_UNREAD: "Webhooks that cannot be read",
    }
)
NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "target": "Promised share in percent",
        "drop": "Drop that counts, in percent",
        "least_sales": "Sales needed to judge",
        "seconds": "Longest delay in seconds",
        "missing": "Events missed against the usual",
        "minutes": "Minutes until it is told",
        "days": "Days before it expires",
        "an_hour": "Dead letters in an hour",
        "differing": "Sales that differ",
        "a_day": "Paid sales not sent in a day",
        "cases": "Cases that are late",
        "webhooks": "Webhooks in an hour that cannot be read",
    }
)
WRONG = "This must be a number from {least} to {most}."
SENTENCES = (*TITLES.values(), *NUMBERS.values(), WRONG)
_SHARES = frozenset({"target", "drop"})


def shown(name: str, value: float, locale: str) -> str:
    """As a person types it: shares in percent."""
    return str(format_decimal(round(value * 100, 6) if name in _SHARES else value, "0.####", locale=locale))


def read(name: str, said: str, known: NumberView, locale: str) -> float | None:
    """What was typed; None for nothing, which is the default. Raises InvalidRequest."""
    if not said.strip():
        return None
    try:
        value = float(said.strip().rstrip("%").replace(",", "."))
    except ValueError:
        value = float("nan")
    value = round(value / 100, 8) if name in _SHARES else value
    if not known.least <= value <= known.most or (known.is_whole and value != int(value)):
        raise InvalidRequest([{"field": name, "code": "out_of_bounds", "message": wrong(name, known, locale)}])
    return value


def wrong(name: str, known: NumberView, locale: str) -> str:
    bounds = {"least": shown(name, known.least, locale), "most": shown(name, known.most, locale)}
    return translate(WRONG, locale).format(**bounds)
