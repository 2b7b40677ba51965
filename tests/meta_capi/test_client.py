import gzip
import hashlib
import hmac
import logging
from typing import Any

import orjson
import pytest

from tests.meta_capi.conftest import Graph
from tracking_core.destinations.meta_capi.client import RESPONSE_LIMIT_BYTES, MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.destinations.meta_capi.event import PARTNER_AGENT

TOKEN = "EAAB" + "x1Y2" * 12
SECRET = "app-secret-0123456789"
EVENTS = (b'{"event_id":"1","value":197.90}', b'{"event_id":"2"}')
TAKEN = {"events_received": 2, "messages": [], "fbtrace_id": "Trace-1"}


async def send(client: MetaClient, **changes: Any) -> SendResult:
    given: dict[str, Any] = {"dataset_id": "123", "access_token": TOKEN, "events": EVENTS} | changes
    return await client.send(**given)


async def test_an_accepted_batch_says_how_many_how_fast_and_which_version_answered(
    graph: Graph, client: MetaClient
) -> None:
    graph.says(200, TAKEN, facebook_api_version="v27.0")
    result = await send(client)
    assert result.verdict is None
    assert (result.http_status, result.events_received, result.fbtrace_id) == (200, 2, "Trace-1")
    assert result.api_version == "v27.0"
    assert 0 <= result.latency_ms < 2_000
    assert result.request_digest == hashlib.sha256(graph.requests[0].body).hexdigest()
    assert orjson.loads(result.response_excerpt) == TAKEN


async def test_the_request_carries_the_stored_bytes_the_token_only_in_its_header_and_the_proof(
    graph: Graph, client: MetaClient
) -> None:
    graph.says(200, TAKEN)
    await send(client, test_event_code="TEST1", app_secret=SECRET)
    request = graph.requests[0]
    assert request.line == "POST /v26.0/123/events HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN.encode() not in request.body
    assert SECRET.encode() not in request.body
    assert b",".join(EVENTS) in request.body
    assert orjson.loads(request.body) == {
        "data": [orjson.loads(event) for event in EVENTS],
        "partner_agent": PARTNER_AGENT,
        "test_event_code": "TEST1",
        "appsecret_proof": hmac.new(SECRET.encode(), TOKEN.encode(), "sha256").hexdigest(),
    }


async def test_without_test_code_and_app_secret_neither_key_is_sent(graph: Graph, client: MetaClient) -> None:
    graph.says(200, TAKEN)
    await send(client)
    assert set(orjson.loads(graph.requests[0].body)) == {"data", "partner_agent"}


@pytest.mark.parametrize("dataset_id", ["", "12a", "1/../2", "1?x=1", "١٢٣", "1" * 33, "1\n"])
async def test_a_dataset_id_that_is_no_number_never_reaches_the_network(
    graph: Graph, client: MetaClient, dataset_id: str
) -> None:
    with pytest.raises(ValueError, match="dataset_id"):
        await send(client, dataset_id=dataset_id)
    assert graph.requests == []


@pytest.mark.parametrize("count", [0, 1_001])
async def test_a_request_carries_one_to_a_thousand_events(graph: Graph, client: MetaClient, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        await send(client, events=[b"{}"] * count)
    assert graph.requests == []


@pytest.mark.parametrize("token", ["", "   ", "a\r\nx-evil: 1", "tóken", "a b", "\ud800", "x" * 4_097])
async def test_a_token_no_header_can_carry_is_a_credential_failure_without_a_request(
    graph: Graph, client: MetaClient, token: str
) -> None:
    result = await send(client, access_token=token, app_secret=SECRET)
    assert result.verdict is not None
    assert result.verdict.failure is FailureClass.CREDENTIAL
    assert not result.verdict.is_ambiguous
    assert graph.requests == []


async def test_a_graph_error_is_classified_by_its_numbers_with_the_wait_it_asks_for(
    graph: Graph, client: MetaClient
) -> None:
    said = {"error": {"message": "Too many", "code": 4, "type": "OAuthException", "fbtrace_id": "T"}}
    graph.says(400, said, retry_after="7")
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.retry_after_seconds) == (FailureClass.THROTTLED, 7.0)
    assert (result.fbtrace_id, result.http_status, result.events_received) == ("T", 400, None)
    assert not result.verdict.is_ambiguous


@pytest.mark.parametrize(
    "body",
    [
        b'{"events_received":0}',
        b'{"events_received":1}',
        b'{"events_received":true}',
        b'{"messages":[]}',
        b"[2]",
        b"",
        b"not json",
        b"\xff\xfe",
        b'{"events_received":2' + b" " * RESPONSE_LIMIT_BYTES + b"}",
        gzip.compress(b'{"events_received":2}', mtime=0),
    ],
)
async def test_a_200_that_does_not_confirm_every_event_is_a_transient_and_ambiguous_failure(
    graph: Graph, client: MetaClient, body: bytes
) -> None:
    graph.answers(200, body)
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, True)


async def test_an_error_inside_a_200_is_an_error(graph: Graph, client: MetaClient) -> None:
    graph.says(200, {"events_received": 2, "error": {"code": 190, "message": "m"}})
    result = await send(client)
    assert result.verdict is not None
    assert result.verdict.failure is FailureClass.CREDENTIAL


async def test_an_html_page_with_a_5xx_is_transient_and_ambiguous(graph: Graph, client: MetaClient) -> None:
    graph.answers(502, b"<html>Bad gateway</html>", content_type="text/html")
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.verdict.is_ambiguous) == (FailureClass.TRANSIENT, True)


async def test_a_redirect_is_not_followed(graph: Graph, client: MetaClient) -> None:
    graph.answers(302, b"", location=f"{graph.url}/elsewhere")
    result = await send(client)
    assert result.verdict is not None
    assert (result.verdict.failure, result.http_status) == (FailureClass.UNKNOWN, 302)
    assert len(graph.requests) == 1


async def test_secrets_and_people_echoed_by_the_server_appear_nowhere_in_the_result(
    graph: Graph, client: MetaClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = "not-a-usual-token-0123"
    echo = f"{token} {SECRET} maria@example.com +55 11 98888-7777 {'ab' * 32} \x00 end"
    escaped = b'{"error":{"code":100,"message":' + orjson.dumps(echo).replace(b"@", b"\\u0040") + b"}}"
    graph.answers(400, escaped, facebook_api_version=token)
    result = await send(client, access_token=token, app_secret=SECRET)
    shown = repr(result) + repr(client) + repr(vars(client)) + caplog.text
    for private in (token, SECRET, "maria", "98888", "ab" * 32, "\x00"):
        assert private not in shown, private
    assert "end" in result.response_excerpt
    assert result.verdict is not None
    assert "end" in result.verdict.message


async def test_the_excerpt_is_two_kilobytes_at_most_and_whole_characters(graph: Graph, client: MetaClient) -> None:
    graph.answers(500, ("é" * 9_000).encode())
    excerpt = (await send(client)).response_excerpt
    assert excerpt == "é" * 1_024


async def test_proxies_of_the_environment_are_ignored(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    graph.says(200, TAKEN)
    client = MetaClient(graph_url=graph.url, version="v26.0", timeout_seconds=2.0)
    result = await send(client)
    await client.aclose()
    assert result.verdict is None
