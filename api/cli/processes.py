"""``hub api``, ``hub worker``, ``hub scheduler``, ``hub migrate``: one process each, settings from ``HUB_*``."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from api.protocol import HubProtocol
from tracking_core.kit.loading import loading
from tracking_core.settings import get_settings

SERVER_OPTIONS: dict[str, Any] = {
    "loop": "uvloop",
    "http": HubProtocol,
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
    with loading():
        import api.app  # noqa: F401 - it is named below
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        **SERVER_OPTIONS,
    )


class Queue(StrEnum):
    """Work that a pool of workers can be kept for."""

    SALES = "sales"
    SETUP = "setup"


def worker(
    queue: Annotated[
        list[Queue] | None, typer.Option(help="Only this work; may be repeated. Absent: all of it.")
    ] = None,
) -> None:
    """Process sales, deliver them, and run the setups of sellers."""
    uvloop.run(_work(set(queue or Queue)))


async def _work(queues: set[Queue]) -> None:
    with loading():
        from tracking_core.worker.main import run

    if Queue.SETUP not in queues:
        await run()
        return
    with loading():
        # Imported only where setups are run: sales need no graph library.
        from agent.worker import all_rounds

    async with all_rounds(get_settings()) as rounds:
        await run(others=rounds, with_sales=Queue.SALES in queues)


def scheduler() -> None:
    """Ring for what is due and keep house."""
    with loading():
        from tracking_core.worker.scheduler import run

    uvloop.run(run())


def migrate() -> None:
    """Bring the database to the newest schema."""
    upgrade_all(get_settings().session_database_url)


def upgrade_all(database_url: str) -> None:
    """Our tables, then those of the graphs' checkpoints."""
    from agent.checkpoints import migrate as migrate_checkpoints
    from tracking_core.db.migrate import upgrade

    upgrade(database_url)
    asyncio.run(migrate_checkpoints(database_url))
