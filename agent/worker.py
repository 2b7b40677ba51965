"""The setup's rounds in a worker process: one round for each session, woken by its bell."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx

from agent.checkpoints import checkpointer
from agent.setup.context import SetupContext
from agent.setup.graph import build
from agent.setup.runner import Runner
from tools.context import ToolContext
from tracking_core.configuration.registering import ApiRegistrar
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.models import SetupSession
from tracking_core.settings import Settings
from tracking_core.worker.rounds import Rounds

_EDGE_TIMEOUT_SECONDS = 10.0


@asynccontextmanager
async def setup_rounds(settings: Settings) -> AsyncIterator[Rounds]:
    """Ready to be woken with a session's id; what it holds open is closed at the end."""
    async with runner(settings) as made:
        yield Rounds("setup", lambda key: made.drain(UUID(key)), limit=settings.setup_streams)


@asynccontextmanager
async def runner(settings: Settings) -> AsyncIterator[Runner]:
    """A runner over the graph, its checkpoints and its clients."""
    guarded = GuardedClient(trusted_origins=frozenset(settings.probe_trusted_origins))
    async with (
        httpx.AsyncClient(timeout=_EDGE_TIMEOUT_SECONDS, trust_env=False) as http,
        checkpointer(settings.database_url, connections=4) as saver,
    ):

        def context(owner: SetupSession, fence: int) -> SetupContext:
            tool = ToolContext(
                settings=settings,
                session_id=owner.id,
                tenant_id=owner.tenant_id,
                fence=fence,
                actor=owner.created_by,
                locale=owner.locale,
                guarded=guarded,
            )
            return SetupContext(tool=tool, http=http, registrar=ApiRegistrar(settings))

        yield Runner(build(saver), settings, context)
