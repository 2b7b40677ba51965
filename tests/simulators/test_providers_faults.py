"""Faults on the wire: what the client's connection sees, what was done meanwhile, and that nothing of it leaks."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from evals.simulators.providers.state import Vendor
from evals.stack import wait_for
from tests.simulators.test_meta_process import await_health, free_port
from tests.simulators.vendors import ACCOUNT, CLIENT, SECRET, SIGNING, TOKEN_URL, WEBHOOKS, Vendors, basic, webhook

DETAILS = "/kiwify/v1/account-details"


def on_the_wire(url: str, *, patience_seconds: float = 5) -> bytes:
    """All that a call for a token brings until the connection ends."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=patience_seconds) as connection:
        connection.sendall(f"POST {TOKEN_URL['kiwify']} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_dropped_connection_ends_without_a_byte(vendors: Vendors, kind: str) -> None:
    vendors.fault("kiwify", kind)
    assert on_the_wire(vendors.url) == b""


def test_a_reset_connection_is_reset(vendors: Vendors) -> None:
    vendors.fault("kiwify", "reset")
    with pytest.raises(ConnectionResetError):
        on_the_wire(vendors.url)


def test_a_hang_ends_without_a_byte_and_cannot_last(vendors: Vendors) -> None:
    vendors.fault("kiwify", "hang", seconds=0.5)
    with pytest.raises(TimeoutError):
        on_the_wire(vendors.url, patience_seconds=0.05)
    vendors.fault("kiwify", "hang", seconds=0.05)
    assert on_the_wire(vendors.url) == b""
    too_long = {"vendor": "kiwify", "kind": "hang", "seconds": 31}
    assert vendors.http.post("/_control/faults", json=too_long).status_code == 422


@pytest.mark.parametrize(
    ("kind", "is_done"), [("drop_before", False), ("reset", False), ("hang", False), ("drop_after", True)]
)
def test_a_client_without_an_answer_cannot_know_what_was_done(vendors: Vendors, kind: str, is_done: bool) -> None:
    vendors.allow("kiwify")
    headers = vendors.kiwify()
    vendors.fault("kiwify", kind, method="POST", path="/v1/webhooks", seconds=0.05)
    with pytest.raises(httpx.TransportError):
        vendors.http.post(WEBHOOKS, json=webhook(), headers=headers)
    assert len(vendors.state.webhooks.get(ACCOUNT, [])) == is_done


def test_a_slow_call_is_done_although_the_client_gave_up(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    headers = vendors.kiwify()
    vendors.fault("kiwify", "slow", path="/v1/webhooks", seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        vendors.http.post(WEBHOOKS, json=webhook(), headers=headers, timeout=0.1)
    wait_for(lambda: len(vendors.state.webhooks.get(ACCOUNT, [])) == 1)


@pytest.mark.parametrize(
    ("kind", "status", "media_type", "is_readable"),
    [
        ("status", 500, "application/json", True),
        ("throttled", 429, "application/json", True),
        ("html", 200, "text/html", False),
        ("garbage", 200, "application/json", False),
        ("empty", 200, "application/json", False),
    ],
)
@pytest.mark.parametrize("vendor", ["hotmart", "kiwify"])
def test_a_fault_that_answers_does_nothing_else(
    vendors: Vendors, vendor: str, kind: str, status: int, media_type: str, is_readable: bool
) -> None:
    vendors.http.post("/_control/faults", json={"vendor": vendor, "kind": kind})
    answer = vendors.http.post(TOKEN_URL[vendor])
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, media_type)
    assert _is_json(answer.content) is is_readable
    assert vendors.state.tokens == {}


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False


def test_a_fault_plays_for_the_calls_it_names_and_is_then_used_up(vendors: Vendors) -> None:
    vendors.fault("kiwify", "status", method="GET", path="/v1/account", status=503, times=2)
    assert vendors.http.post(TOKEN_URL["kiwify"]).status_code == 400
    assert vendors.http.post(TOKEN_URL["hotmart"]).status_code == 401
    assert vendors.http.get(WEBHOOKS).status_code == 401
    assert [vendors.http.get(DETAILS).status_code for _ in range(3)] == [503, 503, 401]


@pytest.mark.parametrize(("vendor", "header"), [("hotmart", "ratelimit-reset"), ("kiwify", "retry-after")])
def test_a_limit_asks_for_the_wait_it_was_told(vendors: Vendors, vendor: Vendor, header: str) -> None:
    vendors.fault(vendor, "throttled", wait_seconds=3)
    vendors.fault(vendor, "status", status=429, wait_seconds=0)
    answers = [vendors.http.post(TOKEN_URL[vendor]) for _ in range(2)]
    assert [(answer.status_code, answer.headers[header]) for answer in answers] == [(429, "3"), (429, "0")]
    usual = {"hotmart": "17", "kiwify": "21"}
    vendors.fault(vendor, "throttled")
    assert vendors.http.post(TOKEN_URL[vendor]).headers[header] == usual[vendor]


def test_a_reset_of_the_simulator_forgets_faults_accounts_tokens_webhooks_and_calls(vendors: Vendors) -> None:
    vendors.allow("kiwify")
    headers = vendors.kiwify()
    vendors.http.post(WEBHOOKS, json=webhook(), headers=headers)
    vendors.fault("kiwify", "status", times=9)
    assert vendors.http.post("/_control/reset").status_code == 204
    assert vendors.http.get("/_control/requests").json() == {"requests": [], "counts": {}}
    assert vendors.http.get("/_control/webhooks").json() == {}
    assert vendors.http.get(DETAILS, headers=headers).status_code == 401
    assert vendors.http.post(TOKEN_URL["kiwify"], data={"client_id": CLIENT, "client_secret": SECRET}).is_error
    demo = {"client_id": "demo-kiwify-client", "client_secret": "demo-kiwify-secret"}
    assert vendors.http.post(TOKEN_URL["kiwify"], data=demo).is_success


def test_faults_can_be_taken_back(vendors: Vendors) -> None:
    vendors.fault("kiwify", "status", times=9)
    vendors.http.delete("/_control/faults")
    assert vendors.http.get(DETAILS).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("faults", {"vendor": "eduzz", "kind": "status"}, "vendor: "),
        ("faults", {"vendor": "kiwify", "kind": "earthquake"}, "kind: "),
        ("faults", {"vendor": "kiwify", "kind": "status", "status": 200}, "status: "),
        ("faults", [], "request: "),
        ("accounts", {"vendor": "kiwify", "client_id": CLIENT, "client_secret": SECRET}, "request: "),
        ("accounts", {"vendor": "hotmart", "client_id": CLIENT, "client_secret": [SECRET]}, "client_secret: "),
        ("accounts", {"vendor": "hotmart", "client_id": "", "client_secret": SECRET}, "client_id: "),
        ("sales", {"account_id": ACCOUNT, "history": SECRET}, "history: "),
        ("sales", {"history": "pix_paid"}, "account_id: "),
    ],
)
def test_a_malformed_control_request_answers_422_with_a_sentence(
    vendors: Vendors, path: str, body: object, said: str
) -> None:
    answer = vendors.http.post(f"/_control/{path}", json=body)
    assert (answer.status_code, answer.text.startswith(said)) == (422, True)
    assert SECRET not in answer.text


def test_nothing_that_was_sent_can_be_read_back(vendors: Vendors) -> None:
    """Calls as they should be, and as a client with its fields mixed up would make them."""
    vendors.http.post("/_control/accounts", json={"vendor": "hotmart", "client_id": CLIENT, "client_secret": SECRET})
    vendors.allow("kiwify")
    tokens = [vendors.hotmart()["authorization"], vendors.kiwify()["authorization"]]
    query = {"client_id": CLIENT, "client_secret": SECRET, "access_token": tokens[1]}
    headers = vendors.kiwify()
    answers = [
        vendors.http.post(WEBHOOKS, json=webhook(), headers=headers),
        vendors.http.get(f"/hotmart/{SECRET}", headers={"authorization": basic()}),
        vendors.http.get(f"/kiwify/v1/{SECRET}", params=query),
        vendors.http.delete(f"{WEBHOOKS}/{SIGNING}", headers=headers),
        vendors.http.get("/kiwify/v1/sales", params={"start_date": SECRET, "end_date": SECRET}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 404, 404, 400]
    kept = [vendors.http.get(f"/_control/{name}").text for name in ("requests", "webhooks")]
    kept += [answer.text for answer in answers[1:]] + [repr(vendors.state.accounts)]
    bare = [token.removeprefix("Bearer ") for token in (*tokens, headers["authorization"])]
    assert not [secret for secret in (SECRET, SIGNING, basic(), *bare) if any(secret in text for text in kept)]
    assert json.loads(kept[0])["counts"]["kiwify DELETE /v1/webhooks/{webhook_id}"] == 1
    assert json.loads(kept[1])[ACCOUNT][0]["url"] == webhook()["url"]


def test_the_process_ends_while_a_call_hangs_and_its_log_is_quiet(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "providers.log"
    command = [sys.executable, "-m", "evals.simulators.providers", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=written) as process:
        await_health(url)
        with httpx.Client(base_url=url, trust_env=False, timeout=5) as http:
            for kind in ("drop_before", "drop_after", "reset", "hang"):
                http.post("/_control/faults", json={"vendor": "kiwify", "kind": kind, "seconds": 0})
                with pytest.raises(httpx.TransportError):
                    http.post(TOKEN_URL["kiwify"])
            http.post("/_control/faults", json={"vendor": "kiwify", "kind": "hang", "seconds": 30})
            with pytest.raises(httpx.ReadTimeout):
                http.post(TOKEN_URL["kiwify"], timeout=0.1)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(5) in (0, -signal.SIGTERM)
    assert all(line.startswith("INFO:") for line in log.read_text().splitlines()), log.read_text()
