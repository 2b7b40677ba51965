"""A hub to look at: as processes on throw-away servers with every vendor simulated, people and shops made in it."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from api.ui.paths import SIGN_IN
from evals.stack import Stack, wait_for
from tracking_core.db.engine import dispose, transaction
from tracking_core.embedded.process import free_port
from tracking_core.kit import clock
from tracking_core.models import Role
from tracking_core.tenants import service as tenants
from tracking_core.users import links
from tracking_core.users import service as users

EMBEDDING = "https://painel.example"
_ACTOR = "hub"
_T = TypeVar("_T")
_SETTINGS = {
    "HUB_SETUP_LEASE_SECONDS": "5",
    "HUB_CHAT_LEASE_SECONDS": "2",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_META_TIMEOUT_SECONDS": "2",
    "HUB_DATABASE_POOL_SIZE": "4",
    "HUB_EMBED_ORIGINS": json.dumps([EMBEDDING]),
    # A link by mail can be asked for; nobody does.
    "HUB_SMTP_HOST": "127.0.0.1",
    "HUB_MAIL_FROM": "Hub <entrar@hub.example>",
    "HUB_LLM_API_KEY": "the-key-of-the-pages",
    "HUB_LLM_MODEL": "scripted",
    "HUB_LLM_PATIENCE_SECONDS": "1",
}


class Hub:
    """``run`` does something with a session of its database, through the services."""

    def __init__(self, stack: Stack, model_port: int) -> None:
        self.stack = stack
        self.origin = f"http://127.0.0.1:{stack.port}"
        self.landing = f"http://127.0.0.1:{stack.vendors_port}/_landing"
        self._model = f"http://127.0.0.1:{model_port}/_control"

    def run(self, work: Callable[[AsyncSession], Awaitable[_T]]) -> _T:
        """In a thread: Playwright's loop runs in this one."""

        async def done() -> _T:
            async with transaction() as session:
                made = await work(session)
            await dispose()
            return made

        with self.stack.as_this_process(), ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(done())).result()

    def shop(self, name: str) -> tenants.NewTenant:
        return self.run(lambda session: tenants.create(session, name, actor=_ACTOR))

    def person(self, email: str, name: str, role: Role, shops: Sequence[UUID] = (), *, locale: str = "pt_BR") -> UUID:
        async def invite(session: AsyncSession) -> UUID:
            return (await users.invite(session, email, name, role, actor=_ACTOR, tenants=shops, locale=locale)).id

        return self.run(invite)

    def link(self, user_id: UUID) -> str:
        """The path that lets them in, once."""

        async def issue(session: AsyncSession) -> str:
            return await links.issue(session, await users.get(session, user_id), now=clock.now())

        return f"{SIGN_IN}/link/{self.run(issue)}"

    def model_says(self, *texts: str, fault: str = "") -> None:
        """The next answers of the simulated model, or how it fails from now on."""
        order = {"answers": [{"text": one} for one in texts], "faults": [{"kind": fault}] if fault else []}
        httpx.put(self._model, json=order, trust_env=False).raise_for_status()

    def fault(self, kind: str, dataset: str, *, times: int | None = None, **params: object) -> None:
        """Meta fails so for this dataset, until ``mend``."""
        order = {"kind": kind, "dataset_id": dataset, "times": times, "params": params}
        self.stack.control.post("/faults", json=order).raise_for_status()

    def mend(self, dataset: str) -> None:
        self.stack.control.delete("/faults", params={"dataset_id": dataset}).raise_for_status()

    def until(self, query: str, *values: object, seconds: float = 60) -> None:
        """Wait until the query answers true."""
        wait_for(lambda: self.stack.rows(query, *values) == [(True,)], seconds)


@contextmanager
def on_simulators(settings: dict[str, str] | None = None, *, stack_type: type[Stack] = Stack) -> Iterator[Hub]:
    """Everything started, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="hub-shown-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        model_port = free_port()
        model = {"HUB_LLM_BASE_URL": f"http://127.0.0.1:{model_port}/v1"}
        stack = stack_type(Path(folder), {**_SETTINGS, **model, **(settings or {})})
        speaking = stack.service("model", ["-m", "evals.simulators.llm", "--port", str(model_port)])
        try:
            stack.start_servers()
            stack.start(stack.meta, stack.vendors, speaking, stack.api, stack.worker, stack.setup, stack.scheduler)
            yield Hub(stack, model_port)
        finally:
            speaking.stop()
            stack.stop()
