"""Speak to the hub's own edge as a browser and a gateway do: bounded in time and size, no redirect followed."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from tracking_core.proof.run import ProofContext

# A crawler's name, so that the made-up visits are kept as a bot's: they are matched by their click id and by nothing
# else, and never forwarded to Meta as page views.
USER_AGENT = "HubProof/1.0 python-httpx"
_BODY_LIMIT_BYTES = 65_536
_TOO_BUSY = 429
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0


class HubUnreachable(Exception):
    """No answer that says anything of the setup. The text is technical, without secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    said: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """The status and the problem's stable code, never its text."""
        return f"HTTP {self.status} {self.said.get('code', '')}".strip()


async def post(
    ctx: ProofContext, path: str, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None = None
) -> Answer:
    """The hub's answer of 2xx or 4xx. Anything else is asked again for ``wait_seconds``, as a gateway would, and then
    is HubUnreachable: a configuration is not to be taken back because a database was restarted. What is sent bears its
    own id, so that a repeat changes nothing."""
    pause, deadline = _FIRST_PAUSE_SECONDS, time.monotonic() + ctx.wait_seconds
    while True:
        try:
            return await _once(ctx, path, body, headers, query)
        except HubUnreachable:
            if time.monotonic() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _once(
    ctx: ProofContext, path: str, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None
) -> Answer:
    try:
        async with asyncio.timeout(ctx.request_seconds):
            answer = await _post(ctx, path, body, headers, query or {})
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        raise HubUnreachable(f"No complete answer from the hub ({type(error).__name__}).") from None
    if not (200 <= answer.status < 300 or 400 <= answer.status < 500) or answer.status == _TOO_BUSY:
        raise HubUnreachable(answer.reason)
    return answer


async def _post(
    ctx: ProofContext, path: str, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]
) -> Answer:
    request = ctx.http.stream(
        "POST",
        f"{ctx.base_url.rstrip('/')}{path}",
        content=body,
        params=dict(query),
        headers={**headers, "user-agent": USER_AGENT, "accept-encoding": "identity"},
        follow_redirects=False,
    )
    async with request as response:
        read = b""
        async for chunk in response.aiter_raw():
            read += chunk
            if len(read) > _BODY_LIMIT_BYTES:
                break
        return Answer(response.status_code, _object(read))


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
