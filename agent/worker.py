"""The rounds of setups and of their chats in a worker process: one round for each session, woken by its bell."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import httpx

from agent.chat.basic.model import RuleModel
from agent.chat.breaker import Breaker
from agent.chat.graph import build as build_chat
from agent.chat.model import chat_model, close
from agent.chat.runner import ChatRunner
from agent.checkpoints import checkpointer
from agent.setup.context import SetupContext
from agent.setup.graph import build
from agent.setup.runner import Runner
from tools.context import ToolContext
from tracking_core.configuration.registering import ApiRegistrar
from tracking_core.db.engine import transaction
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import SetupSession
from tracking_core.notifications.drain import drain_notifications
from tracking_core.settings import Settings
from tracking_core.setup.waiting import Waiting
from tracking_core.worker.doorbell import Bell, Doorbell
from tracking_core.worker.rounds import Rounds, Share

_EDGE_TIMEOUT_SECONDS = 10.0


@asynccontextmanager
async def all_rounds(
    settings: Settings, *, guarded: GuardedClient | None = None
) -> AsyncIterator[Mapping[Bell, Rounds]]:
    """Everything of this room that a bell wakes."""
    async with AsyncExitStack() as stack:
        setups = await stack.enter_async_context(setup_rounds(settings, guarded=guarded))
        chats = await stack.enter_async_context(chat_rounds(settings))
        notices = Rounds("notifications", lambda _: drain_notifications(settings), limit=1)
        yield {Bell.SETUP: setups, Bell.CHAT: chats, Bell.NOTIFY: notices}


@asynccontextmanager
async def setup_rounds(settings: Settings, *, guarded: GuardedClient | None = None) -> AsyncIterator[Rounds]:
    """Ready to be woken with a session's id; what it holds open is closed at the end."""
    async with runner(settings, guarded=guarded) as made:
        share = Share(_tenant_of, settings.setup_streams_per_tenant)
        yield Rounds("setup", lambda key: made.drain(UUID(key)), limit=settings.setup_streams, share=share)


@asynccontextmanager
async def chat_rounds(settings: Settings) -> AsyncIterator[Rounds]:
    """Ready to be woken with the id of a session in which something waits for an answer."""
    async with chat_runner(settings) as made:
        share = Share(_tenant_of, settings.setup_streams_per_tenant)
        yield Rounds("chat", lambda key: made.drain(UUID(key)), limit=settings.chat_streams, share=share)


@asynccontextmanager
async def runner(settings: Settings, *, guarded: GuardedClient | None = None) -> AsyncIterator[Runner]:
    """A runner over the graph, its checkpoints and its clients. ``guarded`` looks at pages in the place of its own."""
    probing = guarded or GuardedClient(trusted_origins=frozenset(settings.probe_trusted_origins))
    async with (
        httpx.AsyncClient(timeout=_EDGE_TIMEOUT_SECONDS, trust_env=False) as http,
        checkpointer(settings.session_database_url, connections=4) as saver,
    ):

        def context(owner: SetupSession, fence: int) -> SetupContext:
            tool = ToolContext(
                settings=settings,
                session_id=owner.id,
                tenant_id=owner.tenant_id,
                fence=fence,
                actor=owner.created_by,
                locale=owner.locale,
                guarded=probing,
            )
            return SetupContext(tool=tool, http=http, registrar=ApiRegistrar(settings))

        yield Runner(build(saver), settings, context)


@asynccontextmanager
async def chat_runner(settings: Settings) -> AsyncIterator[ChatRunner]:
    """A runner over the chat graph, its checkpoints and its model."""
    doorbell, waiting, model = Doorbell(settings), Waiting(), chat_model(settings)

    async def wait(intent_id: UUID) -> None:
        await waiting.off_queue(intent_id, settings.chat_tool_wait_seconds)

    async with checkpointer(settings.session_database_url, connections=4) as saver:
        try:
            yield ChatRunner(
                graph=build_chat(saver, RuleModel()),
                saver=saver,
                settings=settings,
                model=model,
                breaker=Breaker(),
                ring=lambda session_id: doorbell.ring(Bell.SETUP, str(session_id)),
                wait=wait,
            )
        finally:
            await close(model)
            await waiting.close()
            await doorbell.close()


async def _tenant_of(session_id: str) -> str:
    async with transaction() as session:
        owner = await session.get(SetupSession, UUID(session_id))
    return str(owner.tenant_id) if owner else session_id
