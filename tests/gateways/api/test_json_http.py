"""The bounded JSON client over a real loopback connection: each thing the network can do is a kind of answer."""

import asyncio
import logging
import time
from datetime import UTC, datetime

import pytest

from tests.gateways.api import vendor as replies
from tests.gateways.api.vendor import Behaviour, Vendor
from tracking_core.kit import clock
from tracking_core.kit.json_http import Answer, JsonClient, Kind, wait_seconds


async def ask(url: str, *, timeout_seconds: float = 2.0, method: str = "GET") -> Answer:
    async with JsonClient(timeout_seconds=timeout_seconds) as http:
        return await http.call(method, f"{url}/x")


async def test_json_is_read_with_its_status_headers_and_latency(vendor: Vendor) -> None:
    vendor.on("GET /x", replies.says(403, {"error": "forbidden"}, RateLimit_Reset="7"))
    answer = await ask(vendor.url)
    assert (answer.kind, answer.status, answer.fields) == (Kind.JSON, 403, {"error": "forbidden"})
    assert answer.headers["ratelimit-reset"] == "7"
    assert 0 <= answer.latency_ms < 2_000
    assert not answer.is_success
    assert not answer.is_ambiguous


async def test_the_request_asks_for_uncompressed_json_and_carries_query_form_and_body(vendor: Vendor) -> None:
    vendor.on("*", replies.says(200, []))
    async with JsonClient(timeout_seconds=2.0) as http:
        await http.call("GET", f"{vendor.url}/q", query={"a": "b&c=d +é"})
        await http.call("POST", f"{vendor.url}/f", form={"a": "b&c=d"})
        await http.call("POST", f"{vendor.url}/j", body={"a": ["b"]}, headers={"authorization": "Bearer t"})
    query, form, body = vendor.requests
    assert query.query == {"a": "b&c=d +é"}
    assert (query.headers["accept-encoding"], query.headers["accept"]) == ("identity", "application/json")
    assert (form.form, form.headers["content-type"]) == ({"a": "b&c=d"}, "application/x-www-form-urlencoded")
    assert (body.body, body.headers["content-type"]) == (b'{"a":["b"]}', "application/json")
    assert body.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (replies.page(200), Kind.NOT_JSON),
        (replies.raw(200, b'{"a":1}', "text/html"), Kind.NOT_JSON),
        (replies.raw(200, b'{"a":1}', None), Kind.NOT_JSON),
        (replies.raw(200, b'{"a":', "application/json"), Kind.NOT_JSON),
        (replies.raw(200, b"\xff\xfe", "application/json"), Kind.NOT_JSON),
        (replies.raw(200, b"[" * 5_000, "application/json"), Kind.NOT_JSON),
        (replies.raw(200, b"\x1f\x8b\x08\x00", "application/json", content_encoding="gzip"), Kind.NOT_JSON),
        (replies.empty(200), Kind.EMPTY),
        (replies.raw(200, b" \n", "text/html"), Kind.EMPTY),
        (replies.empty(204), Kind.EMPTY),
        (replies.raw(200, b'{"a":1}', "application/problem+json; charset=utf-8"), Kind.JSON),
        (replies.raw(200, b'{"a":1}', "text/javascript; charset=UTF-8"), Kind.JSON),
        (replies.raw(200, b"null", "application/json"), Kind.JSON),
    ],
)
async def test_a_success_is_json_by_its_type_and_by_its_body(vendor: Vendor, reply: Behaviour, kind: Kind) -> None:
    vendor.on("GET /x", reply)
    answer = await ask(vendor.url)
    assert answer.kind is kind
    # What came instead of a confirmation confirms nothing.
    assert answer.is_ambiguous == (kind is not Kind.JSON)


async def test_a_redirect_is_an_answer_and_is_not_followed(vendor: Vendor) -> None:
    vendor.on("GET /x", replies.says(302, {}, location=f"{vendor.url}/elsewhere"))
    answer = await ask(vendor.url)
    assert (answer.status, vendor.calls()) == (302, ["GET /x"])


async def test_an_endless_answer_is_read_to_the_bound_and_no_further(vendor: Vendor) -> None:
    vendor.on("GET /x", replies.endless)
    answer = await ask(vendor.url)
    assert (answer.kind, answer.status, answer.json) == (Kind.TOO_LARGE, 200, None)


@pytest.mark.parametrize("reply", [replies.hang, replies.drip])
async def test_silence_and_a_dripping_answer_end_at_the_timeout_and_are_ambiguous(
    vendor: Vendor, reply: Behaviour
) -> None:
    vendor.on("GET /x", reply)
    answer = await ask(vendor.url, timeout_seconds=0.3)
    assert (answer.kind, answer.is_ambiguous) == (Kind.TIMED_OUT, True)
    assert 250 <= answer.latency_ms < 1_200


@pytest.mark.parametrize("reply", [replies.drop, replies.half, replies.no_http])
async def test_a_connection_lost_after_sending_is_interrupted_and_ambiguous(vendor: Vendor, reply: Behaviour) -> None:
    vendor.on("GET /x", reply)
    answer = await ask(vendor.url)
    assert (answer.kind, answer.is_ambiguous, bool(answer.error)) == (Kind.INTERRUPTED, True, True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://127.0.0.1", "nonsense"])
async def test_what_cannot_be_reached_sent_nothing(url: str) -> None:
    answer = await ask(url)
    assert (answer.kind, answer.status, answer.is_ambiguous) == (Kind.UNREACHABLE, None, False)


async def test_a_name_that_does_not_resolve_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    answer = await ask("https://api.gateway.example")
    assert (answer.kind, answer.error, answer.is_ambiguous) == (Kind.UNREACHABLE, "ConnectError", False)


async def test_a_server_error_leaves_open_what_was_done(vendor: Vendor) -> None:
    vendor.on("POST /x", replies.says(502, {}))
    assert (await ask(vendor.url, method="POST")).is_ambiguous


async def test_nothing_secret_is_shown_or_logged(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    vendor.on("GET /x", replies.says(200, {"access_token": "planted-token"}, set_cookie="planted-cookie"))
    with caplog.at_level(logging.DEBUG):
        async with JsonClient(timeout_seconds=2.0) as http:
            answer = await http.call("GET", f"{vendor.url}/x", query={"client_secret": "planted-secret"})
    assert vendor.requests[0].query == {"client_secret": "planted-secret"}
    assert "planted" not in repr(answer)
    assert not any("planted-secret" in record.getMessage() for record in caplog.records)


async def test_proxies_of_the_environment_are_ignored(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.on("GET /x", replies.says(200, {}))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert (await ask(vendor.url)).status == 200


async def test_cancelling_the_caller_is_not_swallowed(vendor: Vendor) -> None:
    vendor.on("GET /x", replies.hang)
    task = asyncio.create_task(ask(vendor.url))
    started = time.monotonic()
    while not vendor.requests:
        await asyncio.sleep(0.01)
        assert time.monotonic() - started < 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12),
        ({"retry-after": "0.2"}, 1),
        ({"retry-after": "999999"}, 3_600),
        ({"retry-after": "-4"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 09 Mar 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 09 Mar 2026 11:00:00 GMT"}, None),
        ({"retry-after": "3", "ratelimit-reset": "40"}, 40),
    ],
)
def test_the_wait_is_the_longest_asked_for_and_bounded(headers: dict[str, str], seconds: int | None) -> None:
    clock.set_source(lambda: datetime(2026, 3, 9, 12, tzinfo=UTC))
    assert wait_seconds(headers, "retry-after", "ratelimit-reset") == seconds
