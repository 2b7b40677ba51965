"""The account's webhook: each event once, beside the call that caused it, as Chatwoot's jobs send them."""

import asyncio
from typing import Any

import httpx

from evals.simulators.chatwoot.state import State
from tracking_core.kit.json_http import tls_context

_TIMEOUT_SECONDS = 5.0


class Webhooks:
    """``webhooks`` of the state says what each was answered: its status, or the name of what failed."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._last: asyncio.Task[None] | None = None

    def send(self, event: dict[str, Any]) -> None:
        if self._state.account.webhook_url:
            before, loop = self._last, asyncio.get_running_loop()
            self._last = loop.create_task(self._send(self._state.account.webhook_url, event, before))

    async def wait(self) -> None:
        """Until all of them were answered."""
        if self._last:
            await self._last

    async def _send(self, url: str, event: dict[str, Any], before: asyncio.Task[None] | None) -> None:
        if before:
            await before
        told: dict[str, Any] = {"event": event["event"], "id": event["id"], "status": None}
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, verify=tls_context()) as client:
                told["status"] = (await client.post(url, json=event)).status_code
        except httpx.HTTPError as error:
            told["error"] = type(error).__name__
        self._state.webhooks.append(told)
