"""The application: lifespan, middleware, routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import problems
from api.middleware import BodyLimit, CorrelationId
from api.routes import health, read, track, webhooks
from api.write_keys import WriteKeys
from tracking_core.collector.rate_limit import RateLimiter
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import dispose
from tracking_core.logging import configure_logging
from tracking_core.settings import Settings, get_settings
from tracking_core.worker.doorbell import Doorbell


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or get_settings()
    configure_logging(settings.log_level)
    app = FastAPI(title="Hub", version="1", lifespan=_lifespan)
    app.state.settings = settings
    app.state.trusted_proxies = tuple(settings.trusted_proxies)
    app.state.rate_limiter = RateLimiter(settings.track_rate_per_second)
    app.state.write_keys = WriteKeys()
    app.add_middleware(BodyLimit, limit_bytes=settings.webhook_max_body_bytes)
    app.add_middleware(CorrelationId)
    problems.install(app)
    for module in (track, webhooks, read, health):
        app.include_router(module.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.group_writer = GroupWriter(app.state.settings)
    app.state.doorbell = Doorbell(app.state.settings)
    app.state.group_writer.start()
    yield
    await app.state.group_writer.stop()
    await app.state.doorbell.close()
    await dispose()
