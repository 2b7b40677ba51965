"""The arithmetic of a few runs of a few dozen scenarios. Pure functions.

Sources: pass^k as in tau-bench (Yao et al., arXiv 2406.12045); paired comparison instead of two separate rates (Miller,
arXiv 2411.00640); Wilson's interval, which does not end at a rate of one when every run passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt

_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Count:
    """Of one scenario: how many of its runs passed."""

    passed: int
    runs: int

    @property
    def has_majority(self) -> bool:
        """More than half of the runs passed."""
        return 2 * self.passed > self.runs


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def pass_hat(counts: Sequence[Count], k: int) -> float | None:
    """The chance that ``k`` runs of a scenario all pass, averaged over the scenarios: C(passed, k) / C(runs, k).

    None when a scenario has fewer runs than ``k``, or when there is none.
    """
    if not counts or any(one.runs < k for one in counts):
        return None
    return sum(comb(one.passed, k) / comb(one.runs, k) for one in counts) / len(counts)


def wilson(passed: int, runs: int, z: float = _Z_95) -> Interval:
    """Of a share, at 95 % by default."""
    if runs == 0:
        return Interval(0.0, 1.0)
    share, square = passed / runs, z * z
    centre = share + square / (2 * runs)
    spread = z * sqrt(share * (1 - share) / runs + square / (4 * runs * runs))
    scale = 1 + square / runs
    return Interval(max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def rate_bound(runs: int, confidence: float = 0.95) -> float:
    """What ``runs`` without one failure still allow: the highest rate not refuted (the "rule of three")."""
    return 1.0 if runs == 0 else float(1 - (1 - confidence) ** (1 / runs))


def mcnemar(lost: int, gained: int) -> float:
    """Two-sided exact p of so many lost and gained pairs, if neither were more likely."""
    changed = lost + gained
    if changed == 0:
        return 1.0
    tail = sum(comb(changed, one) for one in range(min(lost, gained) + 1))
    return float(min(1.0, 2 * tail / 2**changed))


def percentile(values: Sequence[float], percent: float) -> float | None:
    """By linear interpolation between the closest ranks; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
