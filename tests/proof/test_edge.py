"""Whatever stands at the hub's address, a hop ends in time with a bounded answer and a code."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from tests.meta_capi.conftest import Graph, graph
from tracking_core.proof.codes import ProofCode
from tracking_core.proof.hops import run_hop
from tracking_core.proof.run import Hop, ProofContext, ProofRun

__all__ = ["graph"]
RUN = ProofRun(
    proof_id=uuid4(),
    tenant_id=uuid4(),
    gateway="hotmart",
    connection_id=uuid4(),
    sale_id="68756270-726f-8000-8000-000000000000",
    test_event_code="TEST1",
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.fixture
async def ctx(graph: Graph) -> AsyncIterator[ProofContext]:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
        yield ProofContext(
            base_url=f"{graph.url}/",
            http=http,
            write_key="wk_hub_key",
            webhook_path="/webhooks/hotmart/key",
            webhook_secret="secret",
            request_seconds=0.3,
            wait_seconds=0,
        )


@pytest.mark.parametrize("status", [302, 429, 500, 503])
async def test_an_answer_that_says_nothing_of_the_setup(graph: Graph, ctx: ProofContext, status: int) -> None:
    graph.says(status, {"code": "service_unavailable"}, location=f"{graph.url}/elsewhere")
    result = await run_hop(RUN, Hop.CLICK, ctx)
    assert (result.code, result.reason) == (ProofCode.HUB_UNREACHABLE, f"HTTP {status} service_unavailable")
    assert len(graph.requests) == 1


async def test_a_passing_fault_of_ours_is_asked_again(graph: Graph, ctx: ProofContext) -> None:
    graph.says(503, {"code": "service_unavailable"})

    async def mend() -> None:
        while not graph.requests:  # noqa: ASYNC110 - a request sets nothing to wait for
            await asyncio.sleep(0.01)
        graph.says(202, {"event_id": RUN.event_id(Hop.CLICK), "click_id": RUN.click_id, "session_id": RUN.visit_id})

    result, _ = await asyncio.gather(run_hop(RUN, Hop.CLICK, replace(ctx, wait_seconds=10)), mend())
    assert (result.is_green, len(graph.requests)) == (True, 2)


async def test_an_endless_answer_is_not_read_to_its_end(graph: Graph, ctx: ProofContext) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 X\r\ncontent-type: text/html\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 8_192)
            await writer.drain()

    graph.behaviour = pour
    result = await run_hop(RUN, Hop.CLICK, ctx)
    assert (result.code, result.reason) == (ProofCode.CLICK_REFUSED, "HTTP 202")


async def test_a_silent_server_ends_the_hop_in_time(graph: Graph, ctx: ProofContext) -> None:
    async def say_nothing(_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2)

    graph.behaviour = say_nothing
    result = await run_hop(RUN, Hop.PAGEVIEW, ctx)
    assert (result.code, result.reason) == (
        ProofCode.HUB_UNREACHABLE,
        "No complete answer from the hub (TimeoutError).",
    )
    assert result.latency_ms < 2_000


async def test_an_answer_for_another_click_is_no_answer(graph: Graph, ctx: ProofContext) -> None:
    graph.says(202, {"event_id": "1", "click_id": "another", "session_id": "2"})
    assert (await run_hop(RUN, Hop.CLICK, ctx)).code is ProofCode.CLICK_REFUSED


async def test_the_visitor_grants_consent_and_names_nobody(graph: Graph, ctx: ProofContext) -> None:
    graph.says(202, {"event_id": RUN.event_id(Hop.CLICK), "click_id": RUN.click_id, "session_id": RUN.visit_id})
    assert (await run_hop(RUN, Hop.CLICK, ctx)).is_green
    [request] = graph.requests
    assert b'"consent_ads":true' in request.body
    assert b"email" not in request.body
    assert request.line.startswith("POST /track/click ")
