"""When an error budget burns too fast, and when a match rate fell: the arithmetic, without a database."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tracking_core.alerts.budgets import WINDOWS
from tracking_core.alerts.burn import Counted, burning, remaining
from tracking_core.alerts.matched import Rate, is_drop
from tracking_core.alerts.registry import OBJECTIVES, PAIRS, Code, Objective, Ratio
from tracking_core.alerts.thresholds import Limits
from tracking_core.i18n import translate
from tracking_core.models import Severity

_SPANS = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "3d": timedelta(days=3),
}
_LIMITS = Limits({"drop": 0.3, "least_sales": 30}, True)
SALES = OBJECTIVES[Code.SALES_AT_META].ratio or Ratio()


def told(windows: Mapping[str, tuple[int, int]]) -> tuple[float, Severity] | None:
    """The rate of the pair that burns and how it is told; windows by their names, as (bad, total)."""
    given = {_SPANS[name]: Counted(*counts) for name, counts in windows.items()}
    found = burning({**dict.fromkeys(WINDOWS, Counted()), **given}, 0.999, SALES)
    return (found.pair.rate, found.severity) if found else None


def test_a_page_needs_both_windows() -> None:
    long = {"1h": (15, 1_000), "6h": (15, 6_000), "3d": (15, 72_000), "30m": (15, 500)}
    assert told({**long, "5m": (2, 80)}) == (14.4, Severity.PAGE)
    assert told({**long, "5m": (0, 80)}) is None


def test_a_slow_burn_is_a_ticket_and_none_below_it() -> None:
    assert told({"6h": (9, 6_000), "3d": (80, 72_000)}) == (1.0, Severity.TICKET)
    assert told({"6h": (9, 6_000), "3d": (70, 72_000)}) is None


def test_one_lost_sale_of_three_wakes_nobody_and_is_a_ticket() -> None:
    assert told(dict.fromkeys(_SPANS, (1, 3))) == (14.4, Severity.TICKET)
    assert told(dict.fromkeys(_SPANS, (5, 15))) == (14.4, Severity.PAGE)


def test_a_page_of_many_goes_before_a_ticket_of_few() -> None:
    few = dict.fromkeys(("5m", "30m", "1h"), (4, 40))
    assert told({**few, "6h": (30, 300), "3d": (30, 3_000)}) == (6.0, Severity.PAGE)


def test_where_nothing_happened_nothing_burns() -> None:
    assert told({}) is None
    assert remaining(Counted(), 0.999) == 1
    assert remaining(Counted(1, 2_000), 0.999) == pytest.approx(0.5)
    assert remaining(Counted(4, 2_000), 0.999) == pytest.approx(-1)


def test_the_pairs_are_those_of_the_workbook() -> None:
    assert [(pair.rate, pair.long / pair.short) for pair in PAIRS] == [(14.4, 12), (6.0, 12), (1.0, 12)]


@pytest.mark.parametrize(
    ("recent", "is_fallen"),
    [
        (Rate(9, 30), False),  # half, and as few as that may be chance
        (Rate(27, 90), True),
        (Rate(40, 90), False),  # chance explains it no more, and it is not far enough
        (Rate(0, 29), False),
        (Rate(0, 30), True),
    ],
)
def test_a_drop_is_far_and_beyond_chance(recent: Rate, is_fallen: bool) -> None:
    assert is_drop(recent, Rate(600, 1_000), _LIMITS) is is_fallen
    assert not is_drop(recent, Rate(0, 1_000), _LIMITS)


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=lambda one: one.code)
def test_what_an_objective_says_is_said_in_portuguese_too(objective: Objective) -> None:
    for sentence in (objective.promise, objective.broken, objective.advice):
        assert translate(sentence) != sentence
