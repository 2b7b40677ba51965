"""The statistics against values worked out elsewhere."""

import pytest

from evals.agent.stats import Count, mcnemar, pass_hat, percentile, rate_bound, wilson


@pytest.mark.parametrize(
    ("passed", "runs", "low", "high"),
    # Of published tables of Wilson's score interval at 95 %.
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilsons_interval(passed: int, runs: int, low: float, high: float) -> None:
    interval = wilson(passed, runs)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-4)


def test_nothing_is_known_of_no_runs() -> None:
    interval = wilson(0, 0)
    assert (interval.low, interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("k", "expected"),
    # Of 4 runs 4, 3, 2 and 0 passed: C(c, k) / C(4, k) of each, averaged.
    [(1, (1 + 3 / 4 + 2 / 4) / 4), (2, (1 + 3 / 6 + 1 / 6) / 4), (3, (1 + 1 / 4) / 4), (4, 1 / 4)],
)
def test_all_of_k_runs_pass(k: int, expected: float) -> None:
    counts = [Count(4, 4), Count(3, 4), Count(2, 4), Count(0, 4)]
    assert pass_hat(counts, k) == pytest.approx(expected)


def test_more_runs_than_there_were_say_nothing() -> None:
    assert pass_hat([Count(4, 4), Count(3, 3)], 4) is None
    assert pass_hat([], 1) is None


@pytest.mark.parametrize(
    ("lost", "gained", "p"), [(6, 0, 0.03125), (8, 1, 0.0390625), (5, 0, 0.0625), (0, 0, 1.0), (3, 3, 1.0)]
)
def test_mcnemars_exact_p(lost: int, gained: int, p: float) -> None:
    assert mcnemar(lost, gained) == pytest.approx(p)
    assert mcnemar(gained, lost) == pytest.approx(p)


def test_the_rule_of_three() -> None:
    assert rate_bound(60) == pytest.approx(0.0487, abs=1e-3)
    assert rate_bound(300) == pytest.approx(0.00994, abs=1e-4)
    assert rate_bound(0) == 1.0


def test_percentiles_lie_between_ranks() -> None:
    assert percentile([4, 1, 3, 2], 50) == pytest.approx(2.5)
    assert percentile([5.0], 99) == 5.0
    assert percentile([1, 2, 3, 4, 5], 100) == 5
    assert percentile([], 50) is None


@pytest.mark.parametrize(("passed", "runs", "majority"), [(3, 4, True), (2, 4, False), (1, 1, True), (0, 1, False)])
def test_a_majority_is_more_than_half(passed: int, runs: int, majority: bool) -> None:
    assert Count(passed, runs).has_majority is majority
