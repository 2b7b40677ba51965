"""The hub as real processes on throw-away servers, with the simulators in front: for benchmarks and fault tests."""

import base64
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.cli.processes import upgrade_all
from api.cli.supervisor import CommandService, Service
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.embedded.redis import EmbeddedRedis
from tracking_core.settings import as_settings

KEYS = "bench:" + base64.b64encode(bytes(range(32))).decode()


def wait_for(is_true: Callable[[], bool], seconds: float = 90, *, every: float = 0.05) -> None:
    """Poll until it holds; a fault on the way (a server restarting) counts as not yet. The patience, which costs
    nothing where it holds, is for all processes beginning at once on few cores."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_true():
                return
        except (httpx.HTTPError, psycopg.Error):
            pass
        time.sleep(every)
    raise AssertionError(f"not true within {seconds} s")


class Stack:
    """Every process by name. ``settings`` are ``HUB_*`` variables that win over those made here. ``is_durable`` is
    False where no PostgreSQL is killed: then it waits for no disk."""

    command_service, postgres_type = CommandService, EmbeddedPostgres
    is_durable = True

    def __init__(
        self, folder: Path, settings: dict[str, str] | None = None, *, meta_options: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.postgres = self.postgres_type(folder, free_port(), durable=self.is_durable)
        self.redis = EmbeddedRedis(folder, free_port())
        self.port, self.meta_port, self.vendors_port = free_port(), free_port(), free_port()
        vendors = f"http://127.0.0.1:{self.vendors_port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
            "HUB_ENVIRONMENT": "testing",
            "HUB_DATABASE_URL": self.postgres.url,
            "HUB_REDIS_URL": self.redis.url,
            "HUB_SECRETS_KEYS": KEYS,
            "HUB_PORT": str(self.port),
            "HUB_DATA_DIR": str(folder),
            "HUB_META_GRAPH_URL": f"http://127.0.0.1:{self.meta_port}",
            "HUB_HOTMART_AUTH_URL": f"{vendors}/hotmart-auth",
            "HUB_HOTMART_API_URL": f"{vendors}/hotmart",
            "HUB_KIWIFY_API_URL": f"{vendors}/kiwify",
            "HUB_PROBE_TRUSTED_ORIGINS": f'["{vendors}"]',
            **(settings or {}),
        }
        meta = ["-m", "evals.simulators.meta", "--port", str(self.meta_port), *meta_options]
        self.meta = self.service("meta", meta)
        vendor_options = ["-m", "evals.simulators.providers", "--port", str(self.vendors_port)]
        self.vendors = self.service("vendors", vendor_options)
        self.api = self.service("api", ["-m", "api.cli", "api"])
        self.worker = self.service("worker", ["-m", "api.cli", "worker", "--queue", "sales"])
        self.setup = self.service("setup", ["-m", "api.cli", "worker", "--queue", "setup"])
        self.scheduler = self.service("scheduler", ["-m", "api.cli", "scheduler"])
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False)
        self.control = httpx.Client(base_url=f"http://127.0.0.1:{self.meta_port}/_control", timeout=30, trust_env=False)
        self.vendors_control = httpx.Client(base_url=f"{vendors}/_control", timeout=30, trust_env=False)

    def start_servers(self) -> None:
        self.postgres.start()
        self.redis.start()
        upgrade_all(self.postgres.url)

    def start(self, *services: Service) -> None:
        """Start these services and wait until those that answer do."""
        for service in services:
            service.start()
        self.await_answers(*services)

    def await_answers(self, *services: Service) -> None:
        """Wait until those of these services that answer do."""
        if self.api in services:
            wait_for(lambda: self.http.get("/readyz").status_code == httpx.codes.OK)
        if self.meta in services:
            wait_for(lambda: self.control.get("/stats").status_code == httpx.codes.OK)
        if self.vendors in services:
            wait_for(lambda: self.vendors_control.get("/requests").status_code == httpx.codes.OK)

    def stop(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda one: one.stop(), self._services()))
        self.redis.stop()
        self.postgres.stop()
        for client in (self.http, self.control, self.vendors_control):
            client.close()

    def _services(self) -> tuple[CommandService, ...]:
        return (self.scheduler, self.setup, self.worker, self.api, self.vendors, self.meta)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, connect_timeout=5) as connection:
            return connection.execute(query, values).fetchall()

    @property
    def dsn(self) -> str:
        """libpq's form of the database's address."""
        return self.postgres.url.replace("+psycopg", "")

    def service(self, name: str, arguments: list[str], **settings: str) -> CommandService:
        """A Python command in this stack's environment and with these settings, not yet started."""
        log = self.folder / "logs" / f"{name}.log"
        environment = self.environment | settings if settings else self.environment
        return self.command_service(name, [sys.executable, *arguments], environment=environment, log=log)

    def as_this_process(self) -> AbstractContextManager[None]:
        """While it lasts this process sees the stack's settings through ``get_settings``."""
        return as_settings(self.environment)
