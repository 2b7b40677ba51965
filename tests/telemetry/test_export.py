"""What leaves, what never does, and that nobody waits for who receives it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, TraceFlags
from prometheus_client import REGISTRY
from pydantic import SecretStr

from agent import observed
from tests.telemetry.receiver import Receiver
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.settings import Settings
from tracking_core.telemetry import export, names, tracing
from tracking_core.telemetry.context import link_outside, packed, unpacked

SECRET, PERSON = "EAAplantedplantedplanted", "maria.planted@example.com"
SAID = f"my token is {SECRET} and I am {PERSON}"


def settings(endpoint: str, **others: Any) -> Settings:
    given = {"otlp_endpoint": endpoint, "telemetry_ratio": 1.0, "telemetry_visit_ratio": 1.0, **others}
    return Settings.model_validate({**Settings(_env_file=None).model_dump(), **given})


def test_nothing_that_anybody_said_is_exported_and_no_attribute_that_is_not_known(receiver: Receiver) -> None:
    tracing.start(settings(f"{receiver.url}/v1/traces"), "worker")
    with pytest.raises(ValueError, match="planted"), tracing.span("work", {names.REASON: SAID, "email": PERSON}):
        raise ValueError(SAID)
    with observed.model_call(settings("", llm_model="small"), observed.CHAT) as call:
        call.asked([HumanMessage(SAID)])
        call.said([AIMessage(SAID)])
        call.used(input_tokens=7, output_tokens=2)
    tracing.stop()
    told = b"".join(receiver.bodies).decode("latin-1")
    assert [planted for planted in (SECRET, PERSON) if planted in told] == []
    [work] = receiver.named("work")
    assert (set(work.attributes), work.attributes["error.type"]) == ({"hub.reason", "error.type"}, "ValueError")
    assert receiver.named("chat small")[0].attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small",
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.max_tokens": 400,
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "hub.outcome": "ok",
    }


def test_the_words_of_a_chat_leave_masked_where_a_setting_says_so(receiver: Receiver) -> None:
    tracing.start(settings(receiver.url, telemetry_llm_content=True), "worker")
    with observed.model_call(settings(""), observed.CHAT) as call:
        call.asked([HumanMessage(SAID)])
        call.said([AIMessage("Obrigado!")])
    tracing.stop()
    attributes = receiver.spans[0].attributes
    assert "my token is " in attributes["gen_ai.input.messages"]
    assert "Obrigado!" in attributes["gen_ai.output.messages"]
    assert [planted for planted in (SECRET, PERSON) if planted in str(attributes)] == []


@contextmanager
def _refusing() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def _silent() -> Iterator[int]:
    """Takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.mark.parametrize("receiver_of", [_refusing, _silent], ids=["refuses", "hangs"])
def test_a_receiver_that_is_gone_holds_up_neither_work_nor_the_end(receiver_of: Any) -> None:
    before = _count("hub_telemetry_spans_ended_total"), _count("hub_telemetry_spans_total", outcome="failed")
    with receiver_of() as port:
        tracing.start(settings(f"http://127.0.0.1:{port}", otlp_timeout_seconds=0.2, otlp_queue_max=50), "worker")
        for _ in range(2_000):
            with tracing.span("work"):
                pass
        tracing.stop()
    ended = _count("hub_telemetry_spans_ended_total") - before[0]
    failed = _count("hub_telemetry_spans_total", outcome="failed") - before[1]
    assert ended == 2_000
    assert 0 < failed < 2_000  # the queue is bounded: the rest was dropped, and nobody waited
    assert not tracing.is_on()


def test_telemetry_that_breaks_breaks_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = InMemorySpanExporter()
    tracing.begin(settings(""), "api", SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "record", None)
    tracing.visit(new_hex(), "click", clock.now(), None)
    tracing.stop()
    assert kept.get_finished_spans() == ()


def test_strangers_are_linked_to_and_never_believed() -> None:
    kept = InMemorySpanExporter()
    tracing.begin(settings("", telemetry_ratio=0.0), "api", SimpleSpanProcessor(kept))
    stranger = link_outside(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    sale = Link(SpanContext(1, 1, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
    for name, links in (("by a stranger", stranger), ("for a sale", (sale, *stranger))):
        with tracing.span(name, is_root=True, links=links):
            pass
    tracing.stop()
    [seen] = kept.get_finished_spans()
    assert (seen.name, seen.links[1].context.trace_id) == ("for a sale", 0x0AF7651916CD43DD8448EB211C80319C)
    zero, reserved = b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b"ff-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    assert [link_outside(one) for one in (None, b"", zero, reserved, b"0" * 500)] == [()] * 5


def test_what_a_row_keeps_of_a_trace_comes_back_and_nothing_else_does(receiver: Receiver) -> None:
    tracing.start(settings(receiver.url), "api")
    place = tracing.new_place()
    assert place is not None
    assert (unpacked(packed(place)), len(packed(place))) == (place, 25)
    assert [unpacked(one) for one in (None, b"", bytes(25), b"x" * 24)] == [None] * 4


def test_sampling_is_of_the_trace_and_who_works_for_a_sampled_sale_is_seen(receiver: Receiver) -> None:
    tracing.start(settings(receiver.url, telemetry_ratio=0.25, telemetry_visit_ratio=0.5), "worker")
    now = clock.now()
    visits = [new_hex() for _ in range(400)]
    for one in visits:
        tracing.visit(one, "click", now, None)
    places = [place for place in (tracing.new_place() for _ in range(400)) if place]
    for place in places:
        tracing.record("sale", {}, started=now, ended=now + timedelta(seconds=1), parent=place)
    sampled = next(place for place in places if place.trace_flags.sampled)
    tracing.record("batch", {}, started=now, ended=now, links=[Link(sampled)])
    tracing.stop()
    assert 120 < len(receiver.named("track click")) < 280
    assert {one.trace for one in receiver.named("track click")} <= set(visits)
    assert 50 < len(receiver.named("sale")) < 150
    assert len(receiver.named("sale")) == sum(place.trace_flags.sampled for place in places)
    assert len(receiver.named("batch")) == 1


def test_headers_of_the_receiver_are_read_as_usual_and_shown_nowhere() -> None:
    assert export.headers_of("authorization=Bearer abc==, x-scope = hub") == {
        "authorization": "Bearer abc==",
        "x-scope": "hub",
    }
    with pytest.raises(ConfigurationError):
        export.headers_of("not a header")
    assert "planted" not in repr(settings("", otlp_headers=SecretStr("k=planted")))


def test_while_nothing_is_traced_nothing_is_made() -> None:
    assert (tracing.current(), tracing.new_place(), tracing.is_on()) == (None, None, False)
    with tracing.span("work") as span:
        assert not span.is_recording()
    tracing.visit(new_hex(), "click", clock.now(), b"nonsense")


def _count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
