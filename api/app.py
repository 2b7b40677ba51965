"""The application: lifespan, middleware, routes."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api import problems
from api.answer_headers import AnswerHeaders
from api.collect import PATHS, Collector, described
from api.limits import Allowance
from api.middleware import BodyLimit, CorrelationId
from api.observing import Observed
from api.routes import (
    alert_channels,
    alerts,
    chatwoot,
    consents,
    handoffs,
    health,
    live,
    operations,
    people,
    playbooks,
    portability,
    privacy,
    read,
    reconciliation,
    replays,
    retention,
    screenshots,
    session_events,
    setup_actions,
    setup_chat,
    setup_plan,
    setup_sessions,
    tenant_settings,
    tenants,
    track,
    vault_rows,
    webhooks,
)
from api.throttle import Throttle
from api.ui import app as ui
from api.write_keys import WriteKeys
from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import dispose
from tracking_core.logging import configure_logging
from tracking_core.metrics import pool
from tracking_core.metrics.backlog import Backlog
from tracking_core.reporting.live_feed import Feed
from tracking_core.settings import Settings, get_settings
from tracking_core.setup.status import snapshot
from tracking_core.setup.waiting import Waiting
from tracking_core.streams.follow import Streams
from tracking_core.telemetry import tracing
from tracking_core.worker.doorbell import Doorbell

_ROUTERS = (
    track.router,
    chatwoot.router,  # before the gateways, whose path would take its own
    webhooks.router,
    read.router,
    reconciliation.router,
    replays.router,
    tenant_settings.router,
    setup_sessions.router,
    setup_actions.router,
    setup_plan.router,
    setup_chat.router,
    playbooks.router,
    screenshots.router,
    handoffs.router,
    operations.router,
    live.router,
    people.router,
    tenants.router,
    vault_rows.router,
    session_events.router,
    alert_channels.router,
    alerts.router,
    consents.router,
    portability.router,
    privacy.router,
    retention.router,
    health.router,
    setup_plan.versions,
    handoffs.desk,
    replays.operations,
    reconciliation.operations,
    tenant_settings.operations,
    alert_channels.operations,
    alerts.operations,
    privacy.operations,
)


class Hub(FastAPI):
    """FastAPI, with the collecting of browser events in front of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in PATHS:
            await self.state.collector(scope, receive, send)
        else:
            said: AnswerHeaders = self.state.answer_headers
            await super().__call__(scope, receive, said.sending(scope, send) if scope["type"] == "http" else send)

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["paths"] = {**described(), **document["paths"]}
        return document


def create_app(settings: Settings | None = None) -> Hub:
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    # The document is served; the pages that draw it would run scripts of another host beside people's sessions.
    app = Hub(title="Hub", version="1", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings = settings
    app.state.answer_headers = AnswerHeaders(settings)
    app.state.collector = Collector(
        settings, tuple(settings.trusted_proxies), RateLimiter(settings.track_rate_per_second), WriteKeys()
    )
    app.state.allowance = Allowance()
    app.state.backlog = Backlog()
    larger = screenshots.larger_bodies(settings)
    app.add_middleware(BodyLimit, limit_bytes=settings.webhook_max_body_bytes, larger=larger)
    app.add_middleware(Throttle, settings=settings)
    app.add_middleware(Observed)
    app.add_middleware(CorrelationId)
    problems.install(app)
    for router in _ROUTERS:
        # As they are: included, FastAPI makes each of them once more, at the first request, of every application.
        app.router.routes += router.routes
    ui.install(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    writer = app.state.collector.writer = GroupWriter(app.state.settings)
    app.state.doorbell = Doorbell(app.state.settings)
    app.state.waiting = Waiting()
    app.state.streams = Streams(app.state.settings.session_database_url, snapshot)
    app.state.live = Feed()
    writer.start()
    tracing.start(app.state.settings, "api")
    pool.watch()
    # What was loaded so far lives as long as the process: without it a full collection is short enough for the p99.
    gc.collect()
    gc.freeze()
    yield
    await app.state.streams.stop()
    await app.state.waiting.close()
    await writer.stop()
    await app.state.doorbell.close()
    await dispose()
    await asyncio.to_thread(tracing.stop)
