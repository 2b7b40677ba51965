"""Sends batches of events to Meta: ``POST {graph_url}/{version}/{dataset_id}/events``. One request, one outcome;
retrying and splitting belong to the delivery."""

import asyncio
import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from tracking_core.destinations.meta_capi.errors import (
    FailureClass,
    Verdict,
    classify,
    network_fault,
    number,
    trace_id_of,
)
from tracking_core.destinations.meta_capi.event import PARTNER_AGENT
from tracking_core.destinations.meta_capi.masking import masked
from tracking_core.destinations.meta_capi.proof import appsecret_proof
from tracking_core.kit.json_http import tls_context

MAX_EVENTS = 1_000
RESPONSE_LIMIT_BYTES = 65_536
EXCERPT_LIMIT_BYTES = 2_048

_CONNECT_TIMEOUT_SECONDS = 5.0
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)
DATASET_ID = re.compile(r"[0-9]{1,32}")
_HEADER_SAFE = re.compile(r"[!-~]{1,4096}")
_REQUEST_LEFT = "send_request_headers.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What one request came to. ``verdict`` None means Meta took every event.

    ``request_digest`` is the SHA-256 (hex) of the body, which never holds the token; ``response_excerpt`` is masked
    and at most 2 KB; ``api_version`` is the version that answered, which may differ from the one asked for.
    """

    verdict: Verdict | None
    http_status: int | None
    events_received: int | None
    fbtrace_id: str | None
    latency_ms: int
    api_version: str | None
    request_digest: str
    response_excerpt: str


@dataclass(slots=True)
class _Answer:
    """As much of the response as was read; ``left`` is set once the first byte may be on its way."""

    left: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False


class MetaClient:
    """Shared by all connections of a process and one event loop. Keeps no credential."""

    def __init__(self, *, graph_url: str, version: str, timeout_seconds: float) -> None:
        """``timeout_seconds`` bounds a request from connecting to the last byte of the answer."""
        self._base = f"{graph_url.rstrip('/')}/{version}"
        self._timeout_seconds = timeout_seconds
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_TIMEOUT_SECONDS)),
            limits=_LIMITS,
            verify=tls_context(),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def send(
        self,
        *,
        dataset_id: str,
        access_token: str,
        events: Sequence[bytes],
        test_event_code: str | None = None,
        app_secret: str | None = None,
    ) -> SendResult:
        """Send serialised events (JSON objects) in one request. Never raises for what the network or Meta does.

        Raises ValueError before any I/O for a dataset id that is not digits and for other than 1-1,000 events.
        """
        if not DATASET_ID.fullmatch(dataset_id):
            raise ValueError("dataset_id must be digits only")
        if not 1 <= len(events) <= MAX_EVENTS:
            raise ValueError(f"a request carries 1 to {MAX_EVENTS} events")
        token = access_token.strip()
        body = _body(events, test_event_code, appsecret_proof(token, app_secret) if app_secret else None)
        started = time.monotonic()
        answer, fault = _Answer(), _UNSENDABLE_TOKEN
        if _HEADER_SAFE.fullmatch(token):
            fault = await self._post(f"{self._base}/{dataset_id}/events", token, body, answer)
        secrets = tuple(secret for secret in (token, app_secret) if secret)
        latency_ms = round((time.monotonic() - started) * 1_000)
        return _result(answer, fault, sent=len(events), digest=_digest(body), latency_ms=latency_ms, secrets=secrets)

    async def _post(self, url: str, token: str, body: bytes, answer: _Answer) -> Verdict | None:
        """Fill ``answer``; the verdict on the fault when no complete answer came."""
        headers = {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            # Uncompressed, so that the bound on the body is a bound on memory.
            "accept-encoding": "identity",
        }

        async def note(event: str, _info: Any) -> None:
            answer.left = answer.left or event.endswith(_REQUEST_LEFT)

        try:
            async with asyncio.timeout(self._timeout_seconds):
                request = self._http.stream("POST", url, content=body, headers=headers, extensions={"trace": note})
                async with request as response:
                    await _read(response, answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            if answer.status is None or (200 <= answer.status < 300):
                kind = type(error).__name__
                return network_fault(f"No complete answer from Meta ({kind}).", is_ambiguous=answer.left)
        return None


_UNSENDABLE_TOKEN: Verdict | None = Verdict(
    FailureClass.CREDENTIAL, None, None, None, "The token has characters no token has.", False, None
)


async def _read(response: httpx.Response, answer: _Answer) -> None:
    answer.status = response.status_code
    answer.headers = dict(response.headers)
    async for chunk in response.aiter_raw():
        answer.body += chunk[: RESPONSE_LIMIT_BYTES + 1 - len(answer.body)]
        if len(answer.body) > RESPONSE_LIMIT_BYTES:
            return
    answer.is_whole = True


def _result(
    answer: _Answer,
    fault: Verdict | None,
    *,
    sent: int,
    digest: str,
    latency_ms: int,
    secrets: tuple[str, ...],
) -> SendResult:
    said = _json_object(answer)
    received = number(said.get("events_received")) if said else None
    is_taken = answer.status is not None and 200 <= answer.status < 300 and received == sent
    verdict = fault
    if fault is None and not (is_taken and said and "error" not in said):
        verdict = classify(answer.status, said, answer.headers, secrets=secrets)
    version = answer.headers.get("facebook-api-version")
    # Written anew, an escape such as \u0040 hides nothing from the masks.
    excerpt = (orjson.dumps(said) if said else answer.body).decode(errors="replace")
    return SendResult(
        verdict=verdict,
        http_status=answer.status,
        events_received=received,
        fbtrace_id=verdict.fbtrace_id if verdict else trace_id_of(said or {}),
        latency_ms=latency_ms,
        api_version=masked(version, secrets=secrets, limit_bytes=16) if version else None,
        request_digest=digest,
        response_excerpt=masked(excerpt, secrets=secrets, limit_bytes=EXCERPT_LIMIT_BYTES),
    )


def _json_object(answer: _Answer) -> dict[str, Any] | None:
    if not answer.is_whole:
        return None
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _body(events: Sequence[bytes], test_event_code: str | None, proof: str | None) -> bytes:
    """Joined, not parsed: what was stored is what is sent."""
    rest: dict[str, str] = {"partner_agent": PARTNER_AGENT}
    if test_event_code:
        rest["test_event_code"] = test_event_code
    if proof:
        rest["appsecret_proof"] = proof
    return b'{"data":[' + b",".join(events) + b"]," + orjson.dumps(rest)[1:]


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
