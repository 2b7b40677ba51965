"""``GET /metrics`` and ``GET /healthz`` of a process that serves nothing else."""

from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from prometheus_client import start_http_server

from tracking_core.settings import Settings

log = structlog.get_logger()
# Several processes of one machine share a setting.
_PORTS = 10
_HEALTH = "/healthz"


def serve(settings: Settings, service: str, is_alive: Callable[[], bool] = lambda: True) -> WSGIServer | None:
    """In a thread, until the process ends; at the first free port from ``HUB_METRICS_PORT`` on. A worker that can be
    asked nothing still works. ``is_alive`` says whether the process's own loop turns, which the thread cannot know."""
    if not settings.metrics_port:
        return None
    for port in range(settings.metrics_port, settings.metrics_port + _PORTS):
        try:
            server, _ = start_http_server(port, settings.host)
        except OSError:
            continue
        server.set_app(_with_health(server.get_app(), is_alive))
        log.info("metrics_served", service=service, port=port)
        return server
    log.error("metrics_not_served", service=service, port=settings.metrics_port)
    return None


def _with_health(metrics: WSGIApplication | None, is_alive: Callable[[], bool]) -> WSGIApplication:
    assert metrics is not None

    def answer(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environment.get("PATH_INFO") != _HEALTH:
            return metrics(environment, start)
        alive = is_alive()
        start("200 OK" if alive else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"alive\n" if alive else b"its loop does not turn\n"]

    return answer
