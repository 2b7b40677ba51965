"""Every objective: what is promised, what it is measured by, when somebody is told, and what they should do."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from tracking_core.alerts.objective import BUDGET_WINDOW, PAIRS, BurnPair, Code, Number, Objective, Ratio, Reach
from tracking_core.alerts.queue_names import OF_SALES
from tracking_core.models import Severity

__all__ = [
    "BUDGET_WINDOW",
    "OBJECTIVES",
    "PAIRS",
    "RATIOS",
    "BurnPair",
    "Code",
    "Number",
    "Objective",
    "Ratio",
    "Reach",
]

_ALL = (
    Objective(
        code=Code.SALES_AT_META,
        promise="Paid sales are at Meta within 60 seconds.",
        broken="Paid sales reach Meta late or not at all.",
        advice="Look at the deliveries that wait and at Meta's answers to the last attempts.",
        severity=Severity.PAGE,
        reach=Reach.BOTH,
        numbers={"target": Number(0.999, 0.9, 0.9999, is_whole=False)},
        ratio=Ratio(told_by=Code.QUEUE_DELAY, told_in=OF_SALES),
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
        code=Code.SALES_WITHHELD,
        promise="Every paid sale has a dataset that it can be sent to.",
        broken="Paid sales are not sent, because no Meta dataset is connected or switched on.",
        advice="Connect the shop's dataset, or switch it on again. What came meanwhile is not sent later.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
        numbers={"a_day": Number(1, 1, 10_000)},
        clear_after=timedelta(),
        is_slow=True,
    ),
    Objective(
        code=Code.ERASURE_UNFINISHED,
        promise="What a person asked to be erased is erased, to the end.",
        broken="The erasure of a person's data ended, and not everything is gone.",
        advice="Open the request: its receipt names where something remains, and the log what failed. Mend that and ask"
        " for the erasure once more, or acknowledge this when it was settled otherwise.",
        severity=Severity.TICKET,
        reach=Reach.TENANT,
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
