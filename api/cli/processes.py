"""``hub api``, ``hub worker``, ``hub scheduler``, ``hub migrate``: one process each, settings from ``HUB_*``."""

from typing import Any

import typer
import uvicorn
import uvloop

from tracking_core.settings import get_settings

SERVER_OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": "httptools",
    "access_log": False,
    "log_config": None,
    # The collector reads the proxy's header itself, by its own list of trusted proxies.
    "proxy_headers": False,
    "server_header": False,
    "backlog": 4096,
    "timeout_graceful_shutdown": 15,
}


def register(app: typer.Typer) -> None:
    for command in (api, worker, scheduler, migrate):
        app.command()(command)


def api() -> None:
    """Serve HTTP."""
    settings = get_settings()
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        **SERVER_OPTIONS,
    )


def worker() -> None:
    """Process sales and deliver them."""
    from tracking_core.worker.main import run

    uvloop.run(run())


def scheduler() -> None:
    """Ring for what is due and keep house."""
    from tracking_core.worker.scheduler import run

    uvloop.run(run())


def migrate() -> None:
    """Bring the database to the newest schema."""
    from tracking_core.db.migrate import upgrade

    upgrade(get_settings().database_url)
