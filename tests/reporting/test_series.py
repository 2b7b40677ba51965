"""Charts agree with the ledger, in buckets that are few enough."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import later, track, verdict
from tests.reporting.conftest import announced, scope, sell
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.models import TrackingKind
from tracking_core.proof.edge import USER_AGENT
from tracking_core.reporting.metrics import Metric, Unit
from tracking_core.reporting.scope import EVERYONE, Period, Scope
from tracking_core.reporting.series import (
    ORIGIN,
    POINTS_MAX,
    WIDTHS,
    GroupBy,
    Line,
    Series,
    SeriesSearch,
    buckets_of,
    series,
)
from tracking_core.tenants import service as tenants

NOW = datetime(2026, 11, 26, 13, 7, 31, tzinfo=ORIGIN.tzinfo)


def lately() -> Period:
    return Period(clock.now() - timedelta(days=10), clock.now() + timedelta(days=1))


async def drawn(of: Scope, *, period: Period | None = None, **wanted: Any) -> Series:
    async with transaction() as session:
        return await series(session, of, SeriesSearch(period=period or lately(), **wanted))


def sums(said: Series, label: str | None = None) -> dict[str, float]:
    """What each count adds up to; none that is 0."""
    lines = [line for line in said.lines if line.unit is Unit.COUNT and (line.group and line.group.label) == label]
    added = {line.metric.value: sum(value or 0 for value in line.values) for line in lines}
    return {metric: n for metric, n in added.items() if n}


def line_of(said: Series, metric: Metric) -> Line:
    [line] = [line for line in said.lines if line.metric is metric]
    return line


def values_of(said: Series, metric: Metric) -> list[float]:
    return [value for value in line_of(said, metric).values if value is not None]


@pytest.mark.parametrize(
    ("span", "width"),
    [
        (timedelta(minutes=30), timedelta(minutes=1)),
        (timedelta(hours=6), timedelta(minutes=1)),
        (timedelta(hours=24), timedelta(minutes=5)),
        (timedelta(days=7), timedelta(hours=1)),
        (timedelta(days=30), timedelta(days=1)),
        (timedelta(days=366), timedelta(days=1)),
    ],
)
def test_buckets_are_whole_and_few_enough(span: timedelta, width: timedelta) -> None:
    clock.set_source(lambda: NOW)
    buckets = buckets_of(Period(NOW - span, NOW))
    assert buckets.width == width
    assert len(buckets.starts) <= POINTS_MAX
    assert buckets.since <= NOW - span < buckets.since + width
    assert buckets.until - width < NOW <= buckets.until
    assert all((start - ORIGIN) % width == timedelta() for start in buckets.starts)


def test_days_begin_at_midnight_where_the_sellers_are() -> None:
    clock.set_source(lambda: NOW)
    buckets = buckets_of(Period(NOW - timedelta(days=30), NOW))
    assert {start.astimezone(ORIGIN.tzinfo).hour for start in buckets.starts} == {0}


@pytest.mark.parametrize("n", [399, 400, 401])
def test_no_range_has_more_points_than_a_chart_takes(n: int) -> None:
    clock.set_source(lambda: NOW)
    for width in WIDTHS[:-1]:
        for offset in (timedelta(), timedelta(seconds=1)):
            assert len(buckets_of(Period(NOW - n * width - offset, NOW)).starts) <= POINTS_MAX


@pytest.mark.parametrize(
    "period",
    [
        Period(NOW - timedelta(days=367), NOW),
        Period(since=NOW),
        Period(until=NOW),
        Period(),
        Period(datetime.min.replace(tzinfo=ORIGIN.tzinfo), NOW),
        Period(NOW, datetime.max.replace(tzinfo=ORIGIN.tzinfo)),
        Period(ORIGIN - timedelta(days=20), ORIGIN - timedelta(days=10)),
    ],
)
def test_a_range_that_is_open_too_long_or_too_far_is_refused(period: Period) -> None:
    clock.set_source(lambda: NOW)
    with pytest.raises(InvalidRequest):
        buckets_of(period)


async def test_sums_equal_the_ledgers_totals(ana: Shop) -> None:
    click = await track(ana, fbclid="x")
    await sell(ana, "HP1", "HP2", click_id=click["click_id"])
    await sell(ana, "HP3", email="other@example.com")
    await ana.webhook("HP4", "pending")
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100)
    await sell(ana, "HP5")
    said = await drawn(scope(ana))
    async with transaction() as session:
        totals = await ledger.totals(session, ana.tenant_id)
    counted = sums(said)
    assert counted["sales_received"] == sum(totals.values()) == 5
    assert counted["sent_sales"] == totals["delivered"] == 3
    assert counted["failed_payload"] == totals["dead"] == 1
    assert (counted["sales_approved"], counted["sales_matched"]) == (4, 2)
    assert values_of(said, Metric.MATCH_RATE) == [0.5]


async def test_failures_retries_and_replays_are_counted_at_their_time(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await sell(ana, "HP1")
    later(hours=1)
    ana.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100)
    await ana.deliver()
    later(hours=1)
    async with transaction() as session:
        await replay(session, ana.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    ana.meta.script = lambda _ids: None
    await ana.deliver()
    period = Period(clock.now() - timedelta(hours=3), clock.now() + timedelta(minutes=1))
    said = await drawn(scope(ana), period=period)
    counted = sums(said)
    names = ("failed_transient", "failed_payload", "retries", "replays", "sent_sales")
    assert {name: counted[name] for name in names} == {
        "failed_transient": 1,
        "failed_payload": 1,
        "retries": 2,
        "replays": 1,
        "sent_sales": 1,
    }
    at = {
        metric: line_of(said, metric).values.index(1.0) for metric in (Metric.FAILED_TRANSIENT, Metric.FAILED_PAYLOAD)
    }
    assert (at[Metric.FAILED_PAYLOAD] - at[Metric.FAILED_TRANSIENT]) * said.bucket_seconds == pytest.approx(
        3600, abs=60
    )


async def test_the_wait_in_the_queue_and_the_way_to_meta_are_measured(ana: Shop) -> None:
    """Received and planned now, first tried 60 s later, taken 40 s after that."""
    start = clock.now()
    clock.set_source(lambda: start)
    await ana.webhook("HP1", occurred_at=start - timedelta(hours=5))
    await ana.process()
    later(seconds=60)
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await ana.deliver()
    later(seconds=40)
    ana.meta.script = lambda _ids: None
    await ana.deliver()
    said = await drawn(scope(ana))
    for metric in (Metric.QUEUE_DELAY_P50, Metric.QUEUE_DELAY_P95):
        assert values_of(said, metric) == [pytest.approx(60)]
    for metric in (Metric.DELIVERY_LATENCY_P50, Metric.DELIVERY_LATENCY_P95, Metric.DELIVERY_LATENCY_P99):
        assert values_of(said, metric) == [pytest.approx(100)]
    assert line_of(said, Metric.QUEUE_DELAY_P50).unit is Unit.SECONDS


async def test_the_wait_for_a_late_click_is_no_wait_in_the_queue(ana: Shop) -> None:
    start = clock.now()
    clock.set_source(lambda: start)
    await ana.webhook("HP1", click_id="hLATEclick000000000001")
    await ana.process()
    later(seconds=ana.settings.late_click_grace_seconds + 1)
    await ana.process()
    later(seconds=7)
    await ana.deliver()
    assert values_of(await drawn(scope(ana)), Metric.QUEUE_DELAY_P50) == [pytest.approx(7)]


async def test_what_browsers_told_is_counted_by_kind_and_made_up_visits_are_not(
    ana: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await track(ana)
    await track(ana, TrackingKind.PAGEVIEW)
    await track(ana, TrackingKind.PAGEVIEW)
    await track(ana, TrackingKind.INITIATE_CHECKOUT)
    real = {"events_click": 1, "events_pageview": 2, "events_initiate_checkout": 1}
    assert sums(await drawn(scope(ana))) == real
    monkeypatch.setattr("tests.pipeline.test_sales.Visitor", lambda ip, _agent: _visitor(ip))
    await track(ana)
    assert sums(await drawn(scope(ana))) == real
    assert sums(await drawn(scope(ana), include_synthetic=True)) == {**real, "events_click": 2}


def _visitor(ip: str) -> object:
    from tracking_core.collector.accept import Visitor

    return Visitor(ip, USER_AGENT)


async def test_made_up_sales_count_only_when_asked_for(ana: Shop) -> None:
    await sell(ana, "HP1", await announced(ana))
    assert sums(await drawn(scope(ana)))["sales_received"] == 1
    assert sums(await drawn(scope(ana)))["sent_sales"] == 1
    with_them = sums(await drawn(scope(ana), include_synthetic=True))
    assert (with_them["sales_received"], with_them["sent_sales"]) == (2, 2)


async def test_one_seller_is_not_in_anothers_chart_and_all_are_in_everyones(ana: Shop, beto: Shop) -> None:
    await track(beto)
    await sell(ana, "HP1")
    beto.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await sell(beto, "HP1", "HP2")
    assert sums(await drawn(scope(ana))) == {"sales_received": 1, "sales_approved": 1, "sent_sales": 1}
    everyone = sums(await drawn(EVERYONE))
    assert (everyone["sales_received"], everyone["failed_transient"], everyone["events_click"]) == (3, 2, 1)
    grouped = await drawn(EVERYONE, group_by=GroupBy.TENANT)
    assert sums(grouped, "Loja do Beto")["sales_received"] == 2
    assert sums(grouped, "Loja da Ana") == sums(await drawn(scope(ana)))
    only = await drawn(scope(ana), group_by=GroupBy.TENANT)
    assert {line.group.label for line in only.lines if line.group} == {"Loja da Ana"}


async def test_by_dataset_a_sale_counts_for_each_of_its_own(ana: Shop, beto: Shop) -> None:
    async with transaction() as session:
        other = await tenants.connect_meta(session, ana.tenant_id, "999", "EAAother", actor="test")
    await sell(ana, "HP1")
    await sell(beto, "HP2")
    said = await drawn(scope(ana), group_by=GroupBy.DATASET)
    assert sums(said, "1000000001") == {"sales_received": 1, "sales_approved": 1, "sent_sales": 1}
    assert sums(said, "999") == {"sales_received": 1, "sales_approved": 1}
    assert {line.group.label for line in said.lines if line.group} == {"1000000001", "999"}
    assert not [line for line in said.lines if line.metric.startswith("events_")]
    assert sums(await drawn(scope(ana), connection_id=other.id)) == {"sales_received": 1, "sales_approved": 1}
    assert sums(await drawn(scope(ana), connection_id=beto.connection_id)) == {}


async def test_only_the_metrics_asked_for_are_told_and_every_line_fits_the_starts(ana: Shop) -> None:
    await sell(ana, "HP1")
    said = await drawn(scope(ana), metrics=[Metric.MATCH_RATE, Metric.SENT_SALES])
    assert [line.metric for line in said.lines] == [Metric.MATCH_RATE, Metric.SENT_SALES]
    assert {len(line.values) for line in said.lines} == {len(said.starts)}
    assert said.starts[1] - said.starts[0] == timedelta(seconds=said.bucket_seconds)
    assert values_of(said, Metric.MATCH_RATE) == [0.0]
