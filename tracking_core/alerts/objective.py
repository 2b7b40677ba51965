"""What an objective is made of: a number that may be set, a ratio and how fast its error budget may burn.

Of a *ratio* what is good of all there was is counted by the minute, and an alert is raised by the rate at which its
error budget burns (Google's SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts": 14.4 over 1 h and 5 min
and 6 over 6 h and 30 min page somebody, 1 over 3 d and 6 h is a ticket). The others compare what is with a limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from tracking_core.models import Severity

BUDGET_WINDOW = timedelta(days=28)


class Code(StrEnum):
    SALES_AT_META = "sales_at_meta"
    CAPI_ERRORS = "capi_errors"
    MATCH_RATE_DROP = "match_rate_drop"
    QUEUE_DELAY = "queue_delay"
    GATEWAY_SILENT = "gateway_silent"
    BROWSER_SILENT = "browser_silent"
    CONNECTION_ON_HOLD = "connection_on_hold"
    TOKEN_EXPIRING = "token_expiring"  # noqa: S105 - the objective's name
    DEAD_LETTERS = "dead_letters"
    NOT_RECONCILED = "not_reconciled"
    SALES_WITHHELD = "sales_withheld"
    ERASURE_UNFINISHED = "erasure_unfinished"
    HANDOFF_LATE = "handoff_late"
    WEBHOOKS_UNREAD = "webhooks_unread"


class Reach(StrEnum):
    """Whose it is: each tenant's, the whole hub's, or measured for both."""

    TENANT = "tenant"
    HUB = "hub"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Number:
    """One threshold that may be set, within bounds that are both allowed."""

    default: float
    least: float
    most: float
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class BurnPair:
    """Burning when both windows burn at ``rate`` times what would just use up the budget."""

    rate: float
    long: timedelta
    short: timedelta
    severity: Severity


PAIRS = (
    BurnPair(14.4, timedelta(hours=1), timedelta(minutes=5), Severity.PAGE),
    BurnPair(6.0, timedelta(hours=6), timedelta(minutes=30), Severity.PAGE),
    BurnPair(1.0, timedelta(days=3), timedelta(hours=6), Severity.TICKET),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """``least_bad`` in the long window make an alert at all, ``least_bad_to_page`` one that wakes somebody: one lost
    sale of three is a ticket. Without the slow pair it is over soon after the last thing that failed. ``told_by``: what
    went bad while that alert of the hub was open in one of the scopes ``told_in`` was told by it."""

    pairs: tuple[BurnPair, ...] = PAIRS
    least_bad: int = 1
    least_bad_to_page: int = 5
    told_by: Code | None = None
    told_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """``promise`` is what should be so, ``broken`` what is said when it is not, ``advice`` what to do; English msgids.
    ``severity`` is the highest it gets. An alert recovers once it was not seen for ``clear_after``."""

    code: Code
    promise: str
    broken: str
    advice: str
    severity: Severity
    reach: Reach
    numbers: Mapping[str, Number] = field(default_factory=lambda: MappingProxyType({}))
    ratio: Ratio | None = None
    clear_after: timedelta = timedelta(minutes=5)
    is_slow: bool = False  # looked at every few minutes only

    @property
    def is_of_tenants(self) -> bool:
        return self.reach is not Reach.HUB

    @property
    def is_of_hub(self) -> bool:
        return self.reach is not Reach.TENANT
