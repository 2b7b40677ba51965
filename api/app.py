"""The application: lifespan, middleware, routes."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api import problems
from api.collect import PATHS, Collector, described
from api.limits import Allowance
from api.middleware import BodyLimit, CorrelationId
from api.routes import (
    chatwoot,
    handoffs,
    health,
    operations,
    playbooks,
    read,
    replays,
    screenshots,
    session_events,
    setup_actions,
    setup_chat,
    setup_plan,
    setup_sessions,
    tenant_settings,
    track,
    webhooks,
)
from api.ui import app as ui
from api.write_keys import WriteKeys
from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import dispose
from tracking_core.logging import configure_logging
from tracking_core.settings import Settings, get_settings
from tracking_core.setup.status import snapshot
from tracking_core.setup.waiting import Waiting
from tracking_core.streams.follow import Streams
from tracking_core.worker.doorbell import Doorbell


class Hub(FastAPI):
    """FastAPI, with the collecting of browser events in front of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in PATHS:
            await self.state.collector(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["paths"] = {**described(), **document["paths"]}
        return document


def create_app(settings: Settings | None = None) -> Hub:
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    app = Hub(title="Hub", version="1", lifespan=_lifespan)
    app.state.settings = settings
    app.state.collector = Collector(
        settings, tuple(settings.trusted_proxies), RateLimiter(settings.track_rate_per_second), WriteKeys()
    )
    app.state.allowance = Allowance()
    larger = screenshots.larger_bodies(settings)
    app.add_middleware(BodyLimit, limit_bytes=settings.webhook_max_body_bytes, larger=larger)
    app.add_middleware(CorrelationId)
    problems.install(app)
    for module in (
        track,
        chatwoot,  # before the gateways, whose path would take its own
        webhooks,
        read,
        replays,
        tenant_settings,
        setup_sessions,
        setup_actions,
        setup_plan,
        setup_chat,
        playbooks,
        screenshots,
        handoffs,
        operations,
        session_events,
        health,
    ):
        app.include_router(module.router)
    app.include_router(setup_plan.versions)
    app.include_router(handoffs.desk)
    app.include_router(replays.operations)
    app.include_router(tenant_settings.operations)
    ui.install(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    writer = app.state.collector.writer = GroupWriter(app.state.settings)
    app.state.doorbell = Doorbell(app.state.settings)
    app.state.waiting = Waiting()
    app.state.streams = Streams(app.state.settings.database_url, snapshot)
    writer.start()
    # What was loaded so far lives as long as the process: without it a full collection is short enough for the p99.
    gc.collect()
    gc.freeze()
    yield
    await app.state.streams.stop()
    await app.state.waiting.close()
    await writer.stop()
    await app.state.doorbell.close()
    await dispose()
