"""What a seller's browser does with the hub, over HTTP alone, and waits for as a page would."""

import asyncio
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import httpx
from sqlalchemy import text

from evals.agent.cast import Cast
from evals.agent.scenario import Condition, Wizard
from evals.agent.sellers.pictures import drawn
from evals.agent.world import World
from tracking_core.db.engine import transaction
from tracking_core.models import MessageRole

_PATH = "/api/v1/setup/sessions"
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.005, 0.1
_BUSY = text("""
SELECT EXISTS (SELECT FROM setup_messages WHERE session_id = :id AND role = 'seller' AND turn_id IS NULL)
    OR EXISTS (SELECT FROM setup_turns WHERE session_id = :id AND state = 'running')
    OR EXISTS (SELECT FROM setup_intents WHERE session_id = :id AND state = 'queued')
    OR EXISTS (SELECT FROM setup_sessions WHERE id = :id AND state = 'working')
""")
_BEHIND = text("""
SELECT (SELECT state FROM setup_handoffs WHERE session_id = :id AND state IN ('open', 'taken')) AS handoff,
    (SELECT mode FROM setup_chats WHERE session_id = :id) AS mode
""")
_CREDENTIALS = ("client_id", "client_secret", "basic")
_KINDS = {
    "client_id": "gateway_client_id",
    "client_secret": "gateway_client_secret",
    "basic": "gateway_basic",
    "hottok": "webhook_secret",
    "token": "meta_access_token",
}


class Unsettled(Exception):
    """The hub was still at work when the seller's patience was over."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A press of one of the two buttons, and what the hub answered."""

    plan_hash: str
    decision: str
    status: int


@dataclass(slots=True)
class Browser:
    """One session of one tenant. ``patience_seconds`` bounds each wait for an answer."""

    world: World
    cast: Cast
    tenant_id: UUID
    session_id: UUID
    headers: dict[str, str] = field(repr=False)
    patience_seconds: float
    pressed: list[Decision] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _kept: dict[str, str] = field(default_factory=dict, repr=False)

    async def say(self, *texts: str, times: int = 1) -> list[int]:
        """Send, each ``times`` at once with the same id, and wait for the answer. The statuses."""
        async with self.world.chat.held() if len(texts) > 1 else nullcontext():
            statuses = [status for said in texts for status in await self._sent(said, times)]
        await self.settled()
        return statuses

    async def show(self, words: str, said: str) -> None:
        """Send a picture of these words, as one of the seller's screen."""
        url = f"{_PATH}/{self.session_id}/screenshots"
        kept = await self.world.http.post(url, content=drawn(words), headers=self.headers)
        kept.raise_for_status()
        await self._sent(said, 1, kept.json()["screenshot_id"])
        await self.settled()

    async def _sent(self, said: str, times: int, *pictures: str) -> list[int]:
        self.said.append(said)
        body = {"text": said, "attachments": list(pictures), "client_message_id": f"m{len(self.said)}"}
        answers = await asyncio.gather(*(self._post("chat", body) for _ in range(times)))
        return [one.status_code for one in answers]

    async def decide(self, decision: Literal["approve", "reject"]) -> bool:
        """Press the button of the plan that waits; False when none does."""
        plan = (await self.status())["plan"]
        if plan is None:
            return False
        body = {"plan_hash": plan["plan_hash"], "decision": decision}
        answer = await self._post("plan/decision", body)
        self.pressed.append(Decision(plan["plan_hash"], decision, answer.status_code))
        await self.settled()
        return answer.is_success

    async def wizard(self, asked: Wizard) -> None:
        for name, word in asked.secrets.items():
            self._kept[name] = await self._keep(name, self.cast.filled(word))
        if asked.action == "keep":
            return
        method, path, body = self._wish(asked)
        await self._request(method, path, body)
        await self.settled()

    async def status(self) -> dict[str, Any]:
        answer = await self.world.http.get(f"{_PATH}/{self.session_id}/status", headers=self.headers)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        return said

    async def newest_told(self, characters: int = 1_500) -> str:
        """The end of what was said to the seller after their last message."""
        answer = await self.world.http.get(f"{_PATH}/{self.session_id}/messages", headers=self.headers)
        told: list[str] = []
        for one in reversed(answer.json()["items"]):
            if one["role"] == MessageRole.SELLER:
                break
            told.insert(0, one["text"])
        return "\n".join(told)[-characters:]

    async def holds(self, condition: Condition) -> bool:
        status = await self.status()
        stages = {name: stage["status"] for name, stage in status["stages"].items()}
        wanted = condition.model_dump(exclude_none=True)
        seen = {**stages, "state": status["state"], "plan": status["plan"] is not None}
        if {"handoff", "mode"} & wanted.keys():
            seen |= await self._behind()
        return all(seen[name] in (value if isinstance(value, list) else [value]) for name, value in wanted.items())

    async def settled(self) -> None:
        """Return once nothing of this session is under way: no message, turn or intent. Raises Unsettled."""
        deadline, pause = time.monotonic() + self.patience_seconds, _FIRST_PAUSE_SECONDS
        while await self._is_busy():
            if time.monotonic() > deadline:
                raise Unsettled
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    async def _is_busy(self) -> bool:
        async with transaction() as session:
            return bool(await session.scalar(_BUSY, {"id": self.session_id}))

    async def _behind(self) -> dict[str, str | None]:
        """What no page of this seller says in so many words."""
        async with transaction() as session:
            row = (await session.execute(_BEHIND, {"id": self.session_id})).one()
        return {"handoff": row.handoff or "none", "mode": row.mode}

    async def _keep(self, name: str, value: str) -> str:
        answer = await self._request("PUT", f"secrets/{_KINDS[name]}", {"value": value})
        return str(answer.json()["secret"])

    def _wish(self, asked: Wizard) -> tuple[str, str, dict[str, Any]]:
        values = {name: self._value(value) for name, value in asked.values.items()}
        match asked.action:
            case "gateway":
                credentials = {name: self._kept[name] for name in _CREDENTIALS if name in self._kept}
                secret = {"webhook_secret": self._kept["hottok"]} if "hottok" in self._kept else {}
                body = {"gateway": asked.gateway, "credentials": {**credentials, **values}, **secret}
                return "POST", "actions/validate_gateway_credentials", body
            case "meta":
                return "POST", "actions/validate_meta_token", {"access_token": self._kept["token"], **values}
            case "page":
                return "POST", "actions/probe_landing_url", values
            case "prefer":
                return "PUT", "preferences", values
            case action:
                return "POST", action, values

    def _value(self, value: Any) -> Any:
        return self.cast.filled(value) if isinstance(value, str) else value

    async def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.world.http.post(f"{_PATH}/{self.session_id}/{path}", json=body, headers=self.headers)

    async def _request(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        url = f"{_PATH}/{self.session_id}/{path}"
        return await self.world.http.request(method, url, json=body, headers=self.headers)
