"""How fast an error budget burns: 1 uses it up in exactly the budget's window, 14.4 in two days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tracking_core.alerts.registry import BurnPair, Ratio
from tracking_core.models import Severity


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one window."""

    bad: int = 0
    total: int = 0

    def burn(self, target: float) -> float:
        """Nothing happened: nothing burns."""
        return self.bad / self.total / (1 - target) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Burning:
    """The pair that burns worst, and how it is to be told."""

    pair: BurnPair
    severity: Severity


def burning(windows: Mapping[timedelta, Counted], target: float, ratio: Ratio) -> Burning | None:
    """The first of the pairs whose two windows burn; one that would page with too few bad is a ticket, and a page that
    comes after it goes before it."""
    found: Burning | None = None
    for pair in ratio.pairs:
        long, short = windows[pair.long], windows[pair.short]
        if long.bad < ratio.least_bad or min(long.burn(target), short.burn(target)) < pair.rate:
            continue
        is_few = long.bad < ratio.least_bad_to_page
        made = Burning(pair, Severity.TICKET if is_few else pair.severity)
        if found is None or made.severity.rank > found.severity.rank:
            found = made
    return found


def remaining(counted: Counted, target: float) -> float:
    """Of the error budget, in [-inf, 1]; all of it while nothing was counted."""
    allowed = counted.total * (1 - target)
    return 1 - counted.bad / allowed if allowed else 1.0
