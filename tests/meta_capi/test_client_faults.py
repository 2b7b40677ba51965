"""What the network can do to a request, over a real loopback connection."""

import asyncio
import socket
from typing import Any

import pytest

from tests.meta_capi.conftest import Graph
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass


async def send(client: MetaClient) -> SendResult:
    return await client.send(dataset_id="123", access_token="EAAB0123456789", events=(b"{}", b"{}"))


async def test_an_endless_answer_is_read_to_the_bound_and_no_further(graph: Graph, client: MetaClient) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 X\r\nconnection: close\r\n\r\n")
        for _ in range(4_000):
            writer.write(b"<" * 65_536)
            await writer.drain()

    graph.behaviour = endless
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, True)
    assert len(result.response_excerpt.encode()) <= 2_048


async def _hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1.5)


async def _drip(writer: asyncio.StreamWriter) -> None:
    """Each byte comes in time, the whole never does."""
    writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n")
    for _ in range(15):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("behaviour", [_hang, _drip])
async def test_silence_and_a_dripping_answer_end_at_the_timeout_and_are_ambiguous(graph: Graph, behaviour: Any) -> None:
    graph.behaviour = behaviour
    client = MetaClient(graph_url=graph.url, version="v26.0", timeout_seconds=0.4)
    result = await send(client)
    await client.aclose()
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, True)
    assert 350 <= result.latency_ms < 1_300


async def _close(_writer: asyncio.StreamWriter) -> None:
    return


async def _half(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{"events')
    await writer.drain()


async def _garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("behaviour", [_close, _half, _garbage])
async def test_a_connection_lost_after_sending_is_ambiguous(graph: Graph, client: MetaClient, behaviour: Any) -> None:
    graph.behaviour = behaviour
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, True)
    assert len(graph.requests) == 1


async def test_a_refused_connection_sent_nothing_and_is_not_ambiguous() -> None:
    with socket.socket() as taken:  # bound, never listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = MetaClient(graph_url=url, version="v26.0", timeout_seconds=1.0)
        result = await send(client)
        await client.aclose()
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, False)
    assert result.http_status is None


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense"])
async def test_an_address_that_cannot_be_reached_is_a_verdict_and_no_exception(url: str) -> None:
    client = MetaClient(graph_url=url, version="v26.0", timeout_seconds=1.0)
    result = await send(client)
    await client.aclose()
    assert result.verdict is not None
    assert not result.verdict.is_ambiguous


async def test_cancelling_the_sender_is_not_swallowed(graph: Graph, client: MetaClient) -> None:
    graph.behaviour = _hang
    task = asyncio.create_task(send(client))
    await asyncio.wait_for(graph.arrived.wait(), 1.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
