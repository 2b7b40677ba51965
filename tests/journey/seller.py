"""A seller with a session, who knows the hub by its API alone."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from evals.simulators.providers.state import DEMO_HOTMART, DEMO_KIWIFY
from evals.stack import Stack, wait_for
from tracking_core.db.engine import dispose, transaction
from tracking_core.tenants import service as tenants

SESSIONS = "/api/v1/setup/sessions"
HOTTOK = "hottok-of-the-journey-0123456789"
_BUSY = """
SELECT EXISTS (SELECT FROM setup_messages WHERE session_id = %(id)s AND role = 'seller' AND turn_id IS NULL)
    OR EXISTS (SELECT FROM setup_turns WHERE session_id = %(id)s AND state = 'running')
    OR EXISTS (SELECT FROM setup_intents WHERE session_id = %(id)s AND state = 'queued')
    OR EXISTS (SELECT FROM setup_sessions WHERE id = %(id)s AND state = 'working')
"""


@dataclass(frozen=True)
class Told:
    """One frame of the stream."""

    id: int
    type: str
    data: dict[str, Any]


class Seller:
    def __init__(self, stack: Stack, *, dataset: str) -> None:
        self.stack, self.dataset = stack, dataset
        self.token = f"EAAJourneyToken{dataset}abcdefghijklmnopqrstuv"
        made = asyncio.run(_tenant())
        self.tenant_id, self.write_key = made.tenant_id, made.write_key
        self.bearer = {"Authorization": f"Bearer {made.secret_key}"}
        self.http = httpx.Client(base_url=stack.http.base_url, headers=self.bearer, timeout=40, trust_env=False)
        self.session_id: str = self.http.post(SESSIONS, json={"tenant_id": str(made.tenant_id)}).json()["session_id"]
        self.script = f"http://127.0.0.1:{stack.port}/t.js?key={made.write_key}"
        self.landing = f"http://127.0.0.1:{stack.vendors_port}/_landing"
        page = {"script": self.script, "pixel_id": dataset}
        httpx.put(f"{self.landing}/_control/page", json=page, trust_env=False)

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        answer = self.http.post(f"{SESSIONS}/{self.session_id}/{path}", json=body or {}, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        said: dict[str, Any] = answer.json()
        return said

    def get(self, path: str) -> dict[str, Any]:
        answer = self.http.get(f"{SESSIONS}/{self.session_id}/{path}")
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def keep(self, kind: str, value: str) -> str:
        """The reference of a credential put into the vault."""
        answer = self.http.put(f"{SESSIONS}/{self.session_id}/secrets/{kind}", json={"value": value})
        return str(answer.json()["secret"])

    def gateway(self, name: str = "hotmart", **changes: Any) -> dict[str, Any]:
        account = {"hotmart": DEMO_HOTMART, "kiwify": DEMO_KIWIFY}[name]
        given = {"client_id": account.client_id, "client_secret": account.client_secret}
        if account.account_id:
            given["account_id"] = account.account_id
        body: dict[str, Any] = {"gateway": name, "credentials": {**given, **changes}}
        if name == "hotmart":
            body["webhook_secret"] = HOTTOK
        return self.post("actions/validate_gateway_credentials", body)

    def meta(self, **changes: Any) -> dict[str, Any]:
        body = {"dataset_id": self.dataset, "access_token": self.token, **changes}
        return self.post("actions/validate_meta_token", body)

    def page(self, path: str = "ok") -> dict[str, Any]:
        return self.post("actions/probe_landing_url", {"url": f"{self.landing}/{path}"})

    def check_everything(self, gateway: str = "hotmart") -> None:
        for answer in (self.gateway(gateway), self.meta(), self.page()):
            assert answer["status"] == "success", answer

    def plan(self) -> dict[str, Any]:
        said = self.post("plan")
        assert said["result"] == "awaiting_approval", said
        plan: dict[str, Any] = said["status"]["plan"]
        return plan

    def decide(self, plan: dict[str, Any], decision: str = "approve") -> dict[str, Any]:
        said = self.post("plan/decision", {"plan_hash": plan["plan_hash"], "decision": decision})
        return self.settled() if said["result"] == "in_progress" else said["status"]

    def settled(self) -> dict[str, Any]:
        """The status once nothing is under way any more."""
        wait_for(lambda: self.get("status")["state"] not in ("working", "created"))
        return self.get("status")

    def stages(self) -> dict[str, str]:
        return {name: stage["status"] for name, stage in self.get("status")["stages"].items()}

    def actions(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.get("actions")["items"]
        return listed

    def say(self, text: str, name: str = "", **more: Any) -> httpx.Response:
        """One message of the chat; sent again under the same ``name`` it is the same one."""
        body = {"text": text, **({"client_message_id": name} if name else {}), **more}
        return self.http.post(f"{SESSIONS}/{self.session_id}/chat", json=body)

    def chat_settled(self) -> None:
        """Return once everything said is answered and nothing asked for is under way."""
        with psycopg.connect(self.stack.dsn, connect_timeout=5, autocommit=True) as connection:
            wait_for(lambda: connection.execute(_BUSY, {"id": self.session_id}).fetchone() == (False,), 60, every=0.01)

    def ask(self, text: str, **more: Any) -> list[dict[str, Any]]:
        """What is said to the seller after these words."""
        before = len(self.messages())
        said = self.say(text, **more)
        assert said.status_code == httpx.codes.ACCEPTED, said.text
        self.chat_settled()
        return [one for one in self.messages()[before:] if one["role"] != "seller"]

    def messages(self, role: str = "") -> list[dict[str, Any]]:
        answer = self.http.get(f"{SESSIONS}/{self.session_id}/messages", params={"limit": 500})
        listed: list[dict[str, Any]] = answer.json()["items"]
        return [one for one in listed if role in ("", one["role"])]

    def handoff(self) -> dict[str, Any] | None:
        """The seller's case as they see it."""
        answer = self.http.get(f"{SESSIONS}/{self.session_id}/handoff")
        case: dict[str, Any] | None = answer.json() if answer.status_code == httpx.codes.OK else None
        return case

    def told(self, *, after: int = 0, until: Callable[[list["Told"]], bool]) -> list["Told"]:
        """The stream behind that number, read until it holds; a page that is left then."""
        found: list[Told] = []
        with self.stream(after, timeout=30) as answer:
            for one in frames(answer):
                found.append(one)
                if until(found):
                    return found
        raise AssertionError("the stream ended")

    def stream(self, after: int | None, *, timeout: float) -> contextlib.AbstractContextManager[httpx.Response]:
        headers = {"Last-Event-ID": str(after)} if after is not None else {}
        return self.http.stream("GET", f"{SESSIONS}/{self.session_id}/events", headers=headers, timeout=timeout)

    def rows(self, columns: str, table: str, order: str) -> list[tuple[Any, ...]]:
        """Of this session."""
        query = f"SELECT {columns} FROM {table} WHERE session_id = %s ORDER BY {order}"
        return self.stack.rows(query, self.session_id)


class Watcher:
    """Follows the session's stream in a thread, as a browser does."""

    def __init__(self, seller: Seller, *, last_event_id: int | None = None) -> None:
        self.told: list[Told] = []
        self._seller, self._last = seller, last_event_id
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        wait_for(lambda: bool(self.told))
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(20)

    def _follow(self) -> None:
        """Connects again after every quiet second, with the number it stands at."""
        while not self._stopping.is_set():
            with contextlib.suppress(httpx.ReadTimeout):
                self._read()

    def _read(self) -> None:
        at = self.told[-1].id if self.told else self._last
        with self._seller.stream(at, timeout=1) as answer:
            for one in frames(answer):
                self.told.append(one)


def frames(answer: httpx.Response) -> Iterator[Told]:
    """As they come."""
    frame: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            frame[name] = value
        elif "id" in frame:
            yield Told(int(frame["id"]), frame["event"], json.loads(frame["data"]))
            frame = {}


async def _tenant() -> tenants.NewTenant:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
    await dispose()
    return made
