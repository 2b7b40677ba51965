"""Each check sees what it is for, and a good run passes them all."""

from collections import Counter
from dataclasses import replace

import pytest

from evals.soak import checks
from evals.soak.checks import Check
from evals.soak.evidence import Evidence
from evals.soak.faults import Broken
from evals.soak.plan import FaultKind
from evals.soak.sampling import OpenAlert, backlog_of
from evals.soak.traffic import Sent, SentSale

_SALES = [SentSale(0, f"e{number}", 1_000.0 + number, has_click=True) for number in range(3)]
_SENT = Sent(visits={b"v1", b"v2"}, sales=list(_SALES))
_GOOD = Evidence(
    rows=3,
    ledger={"e0": "delivered", "e1": "delivered", "e2": "withheld"},
    received={"e0": 1, "e1": 2},
    first_seen={"e0": 1_000.2, "e1": 1_001.4},
    accepted=2,
    ambiguous={"e1": 1},
    visits=Counter({b"v1": 1, b"v2": 1}),
    alerts=frozenset({"connection_on_hold", "capi_errors"}),
)
_REVOKED = Broken(FaultKind.TOKEN_REVOKED, "dataset", 2_000.0, 2_050.0)
_FAILING = Broken(FaultKind.META_500, "dataset", 3_000.0, 3_005.0)
_TICKET, _LATER = OpenAlert("capi_errors", "ticket", ""), 4_000.0


def failing(found: list[Check]) -> set[str]:
    return {one.name for one in found if one.holds is False}


def of_all(evidence: Evidence) -> list[Check]:
    return [
        *checks.of_ledger(_SENT, evidence),
        *checks.of_meta(evidence),
        *checks.of_visits(_SENT, evidence),
        *checks.of_delay(_SENT, evidence, [_REVOKED], 1_000),
        *checks.of_alerts([_REVOKED, _FAILING], evidence.alerts, [_TICKET], _LATER),
    ]


def test_a_good_run_holds() -> None:
    assert failing(of_all(_GOOD)) == set()


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (replace(_GOOD, rows=4), "sales listed more than once"),
        (replace(_GOOD, ledger={**_GOOD.ledger, "e9": "delivered"}), "sales missing in the ledger or never sent to it"),
        (replace(_GOOD, ledger={**_GOOD.ledger, "e2": "retrying"}), "sales neither delivered nor withheld"),
        (replace(_GOOD, received={"e0": 1}), "delivered sales that Meta does not know"),
        (
            replace(_GOOD, received={**_GOOD.received, "e2": 1}),
            "events at Meta that the ledger does not call delivered",
        ),
        (replace(_GOOD, accepted=3), "events Meta counts beyond the different ones it was sent"),
        (replace(_GOOD, ambiguous={}), "resent without an attempt that may have arrived"),
        (replace(_GOOD, visits=Counter({b"v1": 1})), "acknowledged and not stored"),
        (replace(_GOOD, visits=_GOOD.visits + Counter({b"v9": 1})), "stored and never acknowledged"),
        (replace(_GOOD, visits=_GOOD.visits + Counter({b"v1": 1})), "stored more than once"),
        (replace(_GOOD, first_seen={"e0": 1_000.2, "e1": 1_009.0}), "the same, p95 of 2"),
        (replace(_GOOD, alerts=frozenset()), "alerts that should have opened and did not"),
        (replace(_GOOD, alerts=_GOOD.alerts | {"queue_delay"}), "alerts nobody expected"),
    ],
)
def test_what_is_wrong_is_seen(broken: Evidence, name: str) -> None:
    assert name in failing(of_all(broken))


@pytest.mark.parametrize(
    ("left", "now", "is_explained"),
    [
        (OpenAlert("connection_on_hold", "page", ""), 3_010.0, False),
        (OpenAlert("sales_at_meta", "page", ""), 3_010.0, True),
        (OpenAlert("sales_at_meta", "page", ""), 3_800.0, False),
        (OpenAlert("sales_at_meta", "ticket", ""), 3_800.0, True),
        (OpenAlert("queue_delay", "ticket", ""), 3_010.0, False),
    ],
)
def test_an_alert_is_still_open_only_while_a_fault_explains_it(left: OpenAlert, now: float, is_explained: bool) -> None:
    found = checks.of_alerts([_REVOKED, _FAILING], _GOOD.alerts, [left], now)
    assert (failing(found) == set()) is is_explained


def test_a_sale_near_a_fault_says_nothing_of_the_calm() -> None:
    sale = replace(_SALES[0], due=2_060.0)
    assert not checks.is_calm(sale, [_REVOKED])
    assert checks.is_calm(replace(sale, due=2_071.0), [_REVOKED])


def test_memory_is_judged_where_there_is_a_limit_and_time_enough() -> None:
    grown = {"api-1": 61.0, "worker-1": 10.0, "meta": 500.0}
    assert failing(checks.of_memory(grown, {}, 900, 300)) == {"api-1: growth"}
    assert failing(checks.of_memory(grown, {}, 60, 300)) == set()
    assert failing(checks.of_memory({}, {"PostgreSQL": 1_000.0}, 900, 300)) == {"PostgreSQL: at most"}


def test_the_backlog_is_read_as_prometheus_does() -> None:
    said = '# TYPE hub_queue_depth gauge\nhub_queue_depth{queue="sales"} 3\nhub_queue_depth{queue="webhooks"} 1\n'
    said += '# TYPE hub_queue_oldest_seconds gauge\nhub_queue_oldest_seconds{queue="sales"} 2.5\n'
    assert backlog_of(said) == ({"sales": 3, "webhooks": 1}, 2.5)
