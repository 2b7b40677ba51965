"""Garbage, floods and silence from the network: the API goes on serving, in bounded memory, without a 5xx."""

import os
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import pytest

from evals.stack import wait_for
from tests.chaos.shop import SECRET, Shop
from tests.chaos.stack import Stack

pytestmark = pytest.mark.timeout(120)
_MEMORY_SLACK = 64 * 1024 * 1024
_BIG = b"x" * (2 * 1024 * 1024)
_TRACK = [f"/track/{kind}" for kind in ("click", "pageview", "initiate_checkout", "consent")]
_BODIES = [
    b"",
    b"\x00\xff\xfe\x80" * 50,
    b"{",
    b"null",
    b'"text"',
    b"[" * 100_000,
    b'{"a":' * 10_000,
    b'{"url": 1e999}',
    b'{"url": "\\ud800", "email": "\\u0000"}',
    '{"url": "https://x.example/"}'.encode("utf-16"),
]


def assert_serves(shop: Shop, name: str, sales: int = 5) -> None:
    """Clicks and sales are taken as ever."""
    for number in range(sales):
        assert shop.click()[1].status_code == 202
        assert shop.sell(f"{name}{number}").status_code == 200


def api_memory(stack: Stack) -> int:
    assert stack.api.pid
    resident: int = psutil.Process(stack.api.pid).memory_info().rss
    return resident


def api_sockets(stack: Stack) -> int:
    assert stack.api.pid
    return len(psutil.Process(stack.api.pid).net_connections("tcp"))


def test_bodies_that_are_no_json_or_the_wrong_json_get_a_4xx_and_break_nothing(stack: Stack, shop: Shop) -> None:
    paths = [*_TRACK, shop.path, "/webhooks/kiwify/no-such-key", "/webhooks/no-such-gateway/key", "/no/such/page"]
    statuses = set()
    for body in _BODIES:
        for path in paths:
            answer = stack.http.post(path, content=body, headers={"X-Hub-Key": shop.write_key})
            statuses.add(answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"
        replay = stack.http.post("/api/v1/dead-letters/replay", content=body, headers=shop.bearer)
        statuses.add(replay.status_code)
    assert statuses <= {400, 401, 404, 413, 422}
    assert_serves(shop, "HPJSON")
    shop.await_totals(delivered=5)


def test_authentic_garbage_is_kept_and_the_sales_behind_it_are_delivered(stack: Stack, shop: Shop) -> None:
    """A body with the right secret must get its 2xx, or the gateway sends it for ever."""
    for body in _BODIES[1:]:
        answer = stack.http.post(shop.path, content=body, headers={"X-Hotmart-Hottok": SECRET})
        assert answer.status_code == 200
    assert_serves(shop, "HPBEHIND")
    shop.await_totals(delivered=5)
    query = "SELECT state, count(*) FROM received_webhooks WHERE tenant_id = %s GROUP BY state"
    states = dict(stack.rows(query, shop.id))
    assert "received" not in states
    assert states["processed"] == 5


def test_random_bytes_instead_of_http_end_in_a_400_or_a_closed_connection(stack: Stack, shop: Shop) -> None:
    for number in range(40):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=5) as sender:
            sender.sendall(os.urandom(2_000) + b"\r\n\r\n" if number % 2 else b"GET / HTTP/9.9\r\n\x00\r\n\r\n")
            sender.shutdown(socket.SHUT_WR)
            said = _read_to_the_end(sender)
        assert said == b"" or said.startswith(b"HTTP/1.1 4")
    assert_serves(shop, "HPBYTES")


def _read_to_the_end(sender: socket.socket) -> bytes:
    said = b""
    try:
        while chunk := sender.recv(65_536):
            said += chunk
    except ConnectionResetError:
        pass
    return said


def test_bodies_of_2_mb_are_refused_early_and_memory_stays_bounded(stack: Stack, shop: Shop) -> None:
    assert_serves(shop, "HPBEFOREBIG")
    before = api_memory(stack)

    def post(number: int) -> int | None:
        """The status, or None when the API closed the connection before all of it was sent."""
        path = [*_TRACK, shop.path][number % 5]
        content = _BIG if number % 2 else (_BIG[: 64 * 1024] for _ in range(32))
        headers = {"X-Hub-Key": shop.write_key, "X-Hotmart-Hottok": SECRET}
        try:
            return stack.http.post(path, content=content, headers=headers).status_code
        except httpx.TransportError:
            return None

    with ThreadPoolExecutor(16) as senders:
        statuses = set(senders.map(post, range(160)))
    assert 413 in statuses
    assert statuses <= {413, None}
    assert api_memory(stack) - before < _MEMORY_SLACK
    assert_serves(shop, "HPAFTERBIG")


def test_a_flood_in_one_body_stops_being_read_on_every_route_even_before_the_sender_is_known(
    stack: Stack, shop: Shop
) -> None:
    assert_serves(shop, "HPBEFOREFLOOD")
    before = api_memory(stack)
    megabyte, read = b"x" * 1024 * 1024, 0

    def flood() -> Iterator[bytes]:
        nonlocal read
        for read in range(200):  # noqa: B007 - counts what was sent
            yield megabyte

    for path in ("/api/v1/dead-letters/replay", shop.path, "/track/click"):
        try:
            answer = stack.http.post(path, content=flood(), headers={"Authorization": "Bearer unknown"})
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        except httpx.TransportError:
            assert read < 199  # closed in the middle
        assert api_memory(stack) - before < _MEMORY_SLACK
    assert_serves(shop, "HPAFTERFLOOD")


def test_500_idle_connections_and_150_silent_senders_keep_nobody_else_from_being_served(
    stack: Stack, shop: Shop
) -> None:
    assert_serves(shop, "HPQUIET")
    memory, sockets = api_memory(stack), api_sockets(stack)
    body = shop.webhook("HPNEVER").body
    half_body = f"POST {shop.path} HTTP/1.1\r\nHost: hub\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:200]
    half_head = b"POST /track/click HTTP/1.1\r\nHost: hub\r\nX-Hub-"
    chunk = b"POST /track/click HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"
    with _silent(stack, [b""] * 500 + [half_body, half_head, chunk] * 50):
        wait_for(lambda: api_sockets(stack) >= sockets + 600)
        assert_serves(shop, "HPCROWD", 20)
        assert stack.http.get("/readyz").status_code == 200
        assert api_memory(stack) - memory < _MEMORY_SLACK
    wait_for(lambda: api_sockets(stack) < sockets + 50)  # what was abandoned is let go
    assert_serves(shop, "HPGONE")
    shop.await_totals(delivered=30)


@contextmanager
def _silent(stack: Stack, beginnings: list[bytes]) -> Iterator[None]:
    """One open connection for each beginning, which is sent and never finished; at the end all are reset."""
    with ExitStack() as connections:
        for beginning in beginnings:
            sender = connections.enter_context(socket.create_connection(("127.0.0.1", stack.port), timeout=5))
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sender.sendall(beginning)
        yield
