"""The whole hub in this process and on one event loop, with every vendor simulated: what a recorder of the model's HTTP
must see happens here, and a scenario can hold a bell back to make two messages come together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from agent.worker import chat_rounds, setup_rounds
from api.app import create_app
from evals.agent.servers import Ports
from evals.agent.serving import hub, simulator
from evals.agent.site import create_page, guarded
from evals.simulators.landing.state import State as PageState
from evals.simulators.llm.app import create_app as create_llm
from evals.simulators.llm.state import State as LlmState
from evals.simulators.meta.app import create_app as create_meta
from evals.simulators.meta.state import State as MetaState
from evals.simulators.providers.app import create_app as create_vendors
from evals.simulators.providers.state import State as VendorState
from tracking_core.db.engine import transaction
from tracking_core.logging import configure_logging
from tracking_core.models import StaffRole
from tracking_core.settings import Settings
from tracking_core.staff import service as staff
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.main import Worker
from tracking_core.worker.rounds import Rounds
from tracking_core.worker.sweeper import sweep


class ChatLine(Rounds):
    """The chat's bell, which leads to the rounds of the scenario at hand: each has a model of its own, and a breaker
    that remembers nothing of the last one's."""

    def __init__(self) -> None:
        super().__init__("chat", self._nobody, limit=1)
        self._answering: Rounds | None = None
        self._held: list[str] | None = None

    def wake(self, key: str = "") -> None:
        if self._held is not None:
            self._held.append(key)
        elif self._answering is not None:
            self._answering.wake(key)

    @asynccontextmanager
    async def answered_by(self, settings: Settings) -> AsyncIterator[None]:
        async with chat_rounds(settings) as rounds:
            self._answering = rounds
            try:
                yield
            finally:
                self._answering = None
                await rounds.close()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Nobody answers while the block lasts; what came meanwhile is answered together."""
        self._held = []
        try:
            yield
        finally:
            keys, self._held = self._held, None
            for key in dict.fromkeys(keys):
                self.wake(key)

    async def _nobody(self, _key: str) -> None:
        raise AssertionError("a bell of the chat was answered by no scenario")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """``settings`` name no model: each scenario says which one answers. ``log`` is what was logged in the running one,
    ``desk_key`` that of the one person at the support desk."""

    settings: Settings
    ports: Ports
    http: httpx.AsyncClient = field(repr=False)
    desk_key: str = field(repr=False)
    meta: MetaState = field(default_factory=MetaState, repr=False)
    vendors: VendorState = field(default_factory=VendorState, repr=False)
    page: PageState = field(default_factory=PageState, repr=False)
    llm: LlmState = field(default_factory=LlmState, repr=False)
    chat: ChatLine = field(default_factory=ChatLine, repr=False)
    log: StringIO = field(default_factory=StringIO, repr=False)

    @property
    def llm_url(self) -> str:
        """Of the simulated model."""
        return f"http://127.0.0.1:{self.ports.llm}/v1"

    def listen(self) -> None:
        """From now on, to a log that is empty."""
        self.log.seek(0)
        self.log.truncate()
        with redirect_stdout(self.log):
            configure_logging(self.settings.log_level)

    def forget(self) -> None:
        """Vendors as on the first day."""
        for state in (self.meta, self.vendors, self.llm):
            state.reset()
        self.page.settings, self.page.visits = PageState().settings, 0


@asynccontextmanager
async def running(settings: Settings, ports: Ports) -> AsyncIterator[World]:
    """Everything answers when this yields."""
    async with AsyncExitStack() as stack:
        url = f"http://127.0.0.1:{ports.api}"
        # Given up before the server gives it up: a request on a connection that was just closed would fail.
        limits = httpx.Limits(keepalive_expiry=1)
        client = httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, limits=limits)
        http = await stack.enter_async_context(client)
        world = World(settings=settings, ports=ports, http=http, desk_key=await _support())
        simulated: list[tuple[Any, int]] = [
            (create_meta(world.meta), ports.meta),
            (create_vendors(world.vendors), ports.vendors),
            (create_page(world.page), ports.page),
            (create_llm(world.llm), ports.llm),
        ]
        for app, port in simulated:
            await stack.enter_async_context(simulator(app, port))
        await stack.enter_async_context(_working(world))
        await stack.enter_async_context(hub(create_app(settings), ports.api))
        yield world


async def _support() -> str:
    async with transaction() as session:
        return (await staff.create(session, "Bia", StaffRole.SUPPORT, actor="evals")).key


@asynccontextmanager
async def _working(world: World) -> AsyncIterator[None]:
    settings = world.settings
    async with setup_rounds(settings, guarded=guarded(world.ports.page)) as setups:
        worker = Worker(settings, others={Bell.SETUP: setups, Bell.CHAT: world.chat})
        tasks = [asyncio.create_task(worker.listen()), asyncio.create_task(_sweeping(worker, settings))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await worker.close()


async def _sweeping(worker: Worker, settings: Settings) -> None:
    """As the scheduler does."""
    while True:
        await asyncio.sleep(settings.sweep_interval_ms / 1_000)
        try:
            await sweep(worker.wake)
        except (SQLAlchemyError, OSError, TimeoutError):
            continue
