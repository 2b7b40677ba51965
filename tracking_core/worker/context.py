"""What the actors of one worker process share, made on the event loop they run on."""

from dataclasses import dataclass
from functools import lru_cache

import dramatiq

from tracking_core.destinations.meta_capi.client import MetaClient
from tracking_core.settings import Settings, get_settings
from tracking_core.worker.doorbell import Doorbell


@dataclass(frozen=True, slots=True)
class WorkerContext:
    settings: Settings
    doorbell: Doorbell
    meta: MetaClient


@lru_cache(maxsize=1)
def current() -> WorkerContext:
    settings = get_settings()
    meta = MetaClient(
        graph_url=settings.meta_graph_url,
        version=settings.meta_graph_version,
        timeout_seconds=settings.meta_timeout_seconds,
    )
    return WorkerContext(settings, Doorbell(settings, dramatiq.get_broker()), meta)
