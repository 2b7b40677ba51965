"""What is read at ``/metrics`` after something happened."""

import re
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families as families
from starlette.types import Message, Receive, Scope, Send

from api.observing import Observed
from tests.pipeline.conftest import Shop
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.metrics.backlog import Backlog
from tracking_core.metrics.server import serve
from tracking_core.metrics.table import all_metrics, name_of
from tracking_core.settings import Settings

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def test_a_sale_a_refusal_and_what_waits_are_counted(shop: Shop, client: httpx.AsyncClient) -> None:
    before = await _read(client)
    for name in ("HP1", "HP2"):
        await shop.webhook(name)
    await shop.process()
    await shop.webhook("HP3")
    _later(minutes=2)
    _measure_again(client)
    waiting = await _read(client)
    assert _of(waiting, "hub_queue_depth", queue="sales") == 2
    assert _of(waiting, "hub_queue_depth", queue="webhooks") == 1
    assert 120 <= _of(waiting, "hub_queue_oldest_seconds", queue="sales") < 180
    await shop.process()
    shop.meta.script = lambda ids: _refused() if len(ids) == 1 else None
    await shop.deliver()
    shop.meta.script = lambda _ids: _refused()
    await shop.webhook("HP4")
    await shop.process()
    await shop.deliver()
    _measure_again(client)
    after = await _read(client)

    def grown(name: str, **labels: str) -> float:
        return _of(after, name, **labels) - _of(before, name, **labels)

    assert grown("hub_webhooks_total", gateway="hotmart", outcome="received") == 4
    assert grown("hub_webhooks_processed_total", gateway="hotmart", outcome="processed") == 4
    assert grown("hub_sales_decided_total", decision="planned", reason="") == 4
    assert grown("hub_sales_matched_total", rule="none") == 4
    assert grown("hub_delivery_attempts_total", kind="sale", outcome="accepted") == 3
    assert grown("hub_delivery_attempts_total", kind="sale", outcome="payload") == 1
    assert grown("hub_deliveries_buried_total", cause="payload") == 1
    assert grown("hub_sale_delivery_seconds_count") == 3
    assert [grown("hub_sale_delivery_seconds_bucket", le=le) for le in ("60.0", "300.0")] == [0, 3]
    assert grown("hub_http_requests_total", method="GET", route="/metrics", status="2xx") == 2
    assert _of(after, "hub_dead_letters", kind="sale") == 1
    assert _of(after, "hub_connections", state="active") == 1
    assert _of(after, "hub_partition_weeks_ahead", table="tracking_events") >= 3
    assert _of(after, "hub_db_pool_size") == shop.settings.database_pool_size


async def test_every_series_is_documented_and_no_label_grows_with_the_world(
    shop: Shop, client: httpx.AsyncClient
) -> None:
    await client.get(f"/api/v1/conversions/{shop.tenant_id}")
    await client.post("/webhooks/hotmart/wk_of_nobody")
    await client.request("BREW", "/anything/at/all")
    declared = {name_of(one).removesuffix("_total"): set(one._labelnames) for one in all_metrics()}
    for family, labels in _samples((await client.get("/metrics")).text):
        assert set(labels) - {"le"} == declared[family] - {"le"}
        assert not [value for value in labels.values() if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|@|wk_|anything", value)]


async def test_a_database_that_is_away_costs_the_backlog_and_not_the_rest(client: httpx.AsyncClient) -> None:
    app = client._transport.app  # type: ignore[attr-defined]
    app.state.backlog = Backlog()
    before = await _read(client)
    _measure_again(client)
    clock.set_source(_broken)
    answer = await client.get("/metrics")
    clock.set_source(None)
    assert answer.status_code == 200
    after = await _read(client)
    assert _of(after, "hub_backlog_failures_total") - _of(before, "hub_backlog_failures_total") == 1


async def test_a_stream_is_counted_while_it_is_open_and_not_timed() -> None:
    seen: list[float | None] = []

    async def events(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        seen.append(REGISTRY.get_sample_value("hub_stream_followers"))

    async def take(_message: Message) -> None:
        seen.append(None)

    before = REGISTRY.get_sample_value("hub_stream_followers") or 0.0
    scope: Scope = {"type": "http", "method": "GET", "path": "/events", "headers": []}
    await Observed(events)(scope, _nothing, take)
    assert seen == [None, before + 1]
    assert REGISTRY.get_sample_value("hub_stream_followers") == before


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def test_processes_of_one_machine_share_a_setting_and_a_port_that_is_taken_stops_nobody() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(_env_file=None, metrics_port=port)
    first, second = serve(settings, "worker"), serve(settings, "scheduler")
    assert first
    assert second
    try:
        assert first.server_port != second.server_port
        for server in (first, second):
            said = httpx.get(f"http://127.0.0.1:{server.server_port}/metrics", trust_env=False).text
            assert "hub_worker_rounds_total" in said
    finally:
        for server in (first, second):
            server.shutdown()
            server.server_close()
    assert serve(Settings(_env_file=None), "worker") is None


def _broken() -> datetime:
    raise TimeoutError


def _later(**delta: float) -> None:
    moment = clock.now() + timedelta(**delta)
    clock.set_source(lambda: moment)


def _measure_again(client: httpx.AsyncClient) -> None:
    client._transport.app.state.backlog = Backlog()  # type: ignore[attr-defined]


def _refused() -> Verdict:
    return Verdict(FailureClass.PAYLOAD, 100, 2804050, None, "", False, None)


async def _read(client: httpx.AsyncClient) -> Series:
    text = (await client.get("/metrics")).text
    return {(one.name, frozenset(one.labels.items())): one.value for family in families(text) for one in family.samples}


def _of(series: Series, name: str, **labels: str) -> float:
    return series.get((name, frozenset(labels.items())), 0.0)


def _samples(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for family in families(text):
        if family.name.startswith("hub_"):
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    yield family.name, sample.labels
