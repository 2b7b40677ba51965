"""Every line is JSON and says whose it is."""

import json
import logging

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tracking_core.logging import configure_logging
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing


@pytest.mark.parametrize("ratio", [1.0, 0.0])
def test_a_line_carries_its_trace_its_tenant_and_its_setup_whether_or_not_it_is_exported(
    ratio: float, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    public = "https://hub.example"
    settings = Settings(_env_file=None, environment="production", public_url=public, telemetry_ratio=ratio)
    tracing.begin(settings, "worker", SimpleSpanProcessor(InMemorySpanExporter()))
    whose = {"tenant_id": "t1", "setup_session_id": "s1"}
    with structlog.contextvars.bound_contextvars(**whose), tracing.span("work", is_root=True) as span:
        structlog.get_logger().info("worked")
        logging.getLogger("some.library").warning("heard")
        context = span.get_span_context()
    structlog.get_logger().info("idle")
    tracing.stop()
    ours, theirs, idle = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    where = {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}", **whose}
    assert [{key: line.get(key) for key in where} for line in (ours, theirs)] == [where, where]
    assert (ours["event"], ours["level"], theirs["event"]) == ("worked", "info", "heard")
    assert where.keys().isdisjoint(idle)
