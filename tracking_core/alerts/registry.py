"""Every objective: what is promised, what it is measured by, when somebody is told, and what they should do.

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
    HANDOFF_LATE = "handoff_late"


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
    went bad while that alert of the hub was open was told by it."""

    pairs: tuple[BurnPair, ...] = PAIRS
    least_bad: int = 1
    least_bad_to_page: int = 5
    told_by: Code | None = None


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


_ALL = (
    Objective(
        code=Code.SALES_AT_META,
        promise="Paid sales are at Meta within 60 seconds.",
        broken="Paid sales reach Meta late or not at all.",
        advice="Look at the deliveries that wait and at Meta's answers to the last attempts.",
        severity=Severity.PAGE,
        reach=Reach.BOTH,
        numbers={"target": Number(0.999, 0.9, 0.9999, is_whole=False)},
        ratio=Ratio(told_by=Code.QUEUE_DELAY),
    ),
    Objective(
        code=Code.CAPI_ERRORS,
        promise="Meta's Conversions API takes what is sent at the first try.",
        broken="Meta's Conversions API answers with errors, or not at all.",
        advice="Nothing is lost: what failed is tried again. Look at Meta's status page and at the last answers.",
        severity=Severity.TICKET,
        reach=Reach.BOTH,
        numbers={"target": Number(0.99, 0.5, 0.9999, is_whole=False)},
        ratio=Ratio(pairs=PAIRS[:2], least_bad=10),
    ),
    Objective(
        code=Code.MATCH_RATE_DROP,
        promise="Sales find their click as often as they usually do.",
        broken="Far fewer sales than usual find their click.",
        advice="Check that the script is on the page and that the checkout links still carry the click.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"drop": Number(0.3, 0.05, 0.9, is_whole=False), "least_sales": Number(30, 10, 1_000)},
        is_slow=True,
    ),
    Objective(
        code=Code.QUEUE_DELAY,
        promise="Work that is due is begun at once.",
        broken="Work is due, and no worker takes it up.",
        advice="Check that the workers run and that the database and Redis answer.",
        severity=Severity.PAGE,
        reach=Reach.HUB,
        numbers={"seconds": Number(120, 30, 3_600)},
        clear_after=timedelta(minutes=2),
    ),
    Objective(
        code=Code.GATEWAY_SILENT,
        promise="The gateway's webhooks arrive in their usual rhythm.",
        broken="No webhook of the gateway has arrived for far longer than usual at this time of the week.",
        advice="Open the webhooks in the gateway's panel and check that the hub's address is there and switched on.",
        severity=Severity.PAGE,
        reach=Reach.TENANT,
        numbers={"missing": Number(12, 6, 1_000), "minutes": Number(30, 5, 1_440)},
        clear_after=timedelta(),
        is_slow=True,
    ),
    Objective(
        code=Code.BROWSER_SILENT,
        promise="Visits of the page are heard of in their usual rhythm.",
        broken="Nothing has been heard of the page's visitors for far longer than usual at this time of the week.",
        advice="Open the page and check that it loads and that the hub's script is in it.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"missing": Number(50, 6, 10_000), "minutes": Number(30, 5, 1_440)},
        clear_after=timedelta(),
        is_slow=True,
    ),
    Objective(
        code=Code.CONNECTION_ON_HOLD,
        promise="Meta takes the token of every dataset.",
        broken="Sales wait, because Meta refused the dataset's token.",
        advice="Generate a new access token and enter it; what waits is sent by itself.",
        severity=Severity.PAGE,
        reach=Reach.TENANT,
        numbers={"minutes": Number(0, 0, 1_440)},
        clear_after=timedelta(minutes=2),
    ),
    Objective(
        code=Code.TOKEN_EXPIRING,
        promise="No dataset's token is about to expire.",
        broken="The dataset's token expires soon.",
        advice="Generate a new access token, best one of a system user that does not expire, and enter it in time.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"days": Number(7, 1, 60)},
        clear_after=timedelta(),
        is_slow=True,
    ),
    Objective(
        code=Code.DEAD_LETTERS,
        promise="Few events end as dead letters.",
        broken="Events end as dead letters.",
        advice="Look at the reasons of the dead letters, mend their cause, and replay them.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"an_hour": Number(5, 1, 10_000)},
        clear_after=timedelta(),
    ),
    Objective(
        code=Code.NOT_RECONCILED,
        promise="Day by day the ledger has what the gateway's list of sales says.",
        broken="The ledger differs from the gateway's list of sales, or that list could not be read.",
        advice="Open the reconciliation: it names each sale that differs, and what stopped the reading. Mend that, and"
        " have the same days read again.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"differing": Number(1, 1, 10_000)},
        clear_after=timedelta(),
        is_slow=True,
    ),
    Objective(
        code=Code.HANDOFF_LATE,
        promise="Sellers who wait for a person are answered in the promised time.",
        broken="Sellers wait for a person for longer than promised.",
        advice="Open the support desk and answer the cases that are late.",
        severity=Severity.PAGE,
        reach=Reach.HUB,
        numbers={"cases": Number(1, 1, 1_000)},
        clear_after=timedelta(minutes=1),
    ),
)
OBJECTIVES: Mapping[Code, Objective] = MappingProxyType({one.code: one for one in _ALL})
RATIOS = tuple(one for one in _ALL if one.ratio)
