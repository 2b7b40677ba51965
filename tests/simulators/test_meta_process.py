"""The simulator as its own process: command line, connections as they are on the wire, and a log without surprises."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.simulators.calls import TOKEN, add_fault, event, post, taken

_KEPT = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_health(url: str) -> None:
    for _ in range(500):
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("the simulator did not start")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulator") / "meta.log"


@pytest.fixture(scope="module")
def base_url(log: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "evals.simulators.meta", "--port", str(port), "--keep", str(_KEPT)]
    with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=written) as process:
        url = f"http://127.0.0.1:{port}"
        await_health(url)
        yield url
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)


def raw_request(url: str) -> tuple[tuple[str, int], bytes]:
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"data": [event()], "access_token": TOKEN}).encode()
    head = f"POST /v26.0/1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return (host, int(port)), head.encode() + b"\r\n\r\n" + body


def test_no_more_events_are_kept_than_asked(meta: httpx.Client) -> None:
    post(meta, *[event(f"sale-{at}") for at in range(5)])
    assert [one["event"]["event_id"] for one in taken(meta)] == ["sale-2", "sale-3", "sale-4"]


@pytest.mark.usefixtures("meta")
def test_header_and_body_leave_in_one_write(base_url: str) -> None:
    address, request = raw_request(base_url)
    with socket.create_connection(address, timeout=5) as connection:
        for _ in range(50):
            connection.sendall(request)
            head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert json.loads(body)["events_received"] == 1


def test_cut_connections_end_cleanly_and_leave_no_trace_in_the_log(
    meta: httpx.Client, base_url: str, log: Path
) -> None:
    address, request = raw_request(base_url)
    for cuts, has_begun in enumerate((False, True), 1):
        add_fault(meta, "disconnect_after_accept", has_begun=has_begun)
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(request)
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert received.startswith(b"HTTP/1.1 200") is has_begun
        assert b"fbtrace_id" not in received
        assert len(taken(meta)) == cuts
    assert_quiet(log)


def test_a_client_that_leaves_in_the_middle_leaves_no_trace_in_the_log(
    meta: httpx.Client, base_url: str, log: Path
) -> None:
    address, request = raw_request(base_url)
    for kind in ("slow_body", "timeout_before", "huge_body"):
        add_fault(meta, kind)
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(request)
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(request[:-10])
    assert post(meta, event()).is_success
    assert_quiet(log)


def assert_quiet(log: Path) -> None:
    assert all(line.startswith("INFO:") for line in log.read_text().splitlines()), log.read_text()
