"""The worker process: Dramatiq threads share one event loop, one database pool and one HTTP pool."""

import signal
import threading

import structlog
from dramatiq import Worker

from tracking_core.logging import configure_logging
from tracking_core.settings import get_settings
from tracking_core.worker import broker as broker_module

log = structlog.get_logger()
_SHUTDOWN_MS = 20_000


def run() -> None:
    """Work until SIGINT or SIGTERM; what is under way gets 20 seconds, and a lease expires for the rest."""
    settings = get_settings()
    configure_logging(settings.log_level)
    broker = broker_module.install()
    import tracking_core.worker.actors  # noqa: F401 - registers the actors with the broker just installed

    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    worker = Worker(broker, worker_threads=settings.worker_threads, worker_timeout=settings.worker_poll_ms)
    worker.start()
    log.info("worker_started", threads=settings.worker_threads)
    stopping.wait()
    worker.stop(timeout=_SHUTDOWN_MS)
    log.info("worker_stopped")
