"""``GET /metrics`` of a process that serves nothing else."""

from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import start_http_server

from tracking_core.settings import Settings

log = structlog.get_logger()
# Several processes of one machine share a setting.
_PORTS = 10


def serve(settings: Settings, service: str) -> WSGIServer | None:
    """In a thread, until the process ends; at the first free port from ``HUB_METRICS_PORT`` on. A worker that can be
    asked nothing still works."""
    if not settings.metrics_port:
        return None
    for port in range(settings.metrics_port, settings.metrics_port + _PORTS):
        try:
            server, _ = start_http_server(port, settings.host)
        except OSError:
            continue
        log.info("metrics_served", service=service, port=port)
        return server
    log.error("metrics_not_served", service=service, port=settings.metrics_port)
    return None
