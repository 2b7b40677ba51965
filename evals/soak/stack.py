"""The hub with two of each process. Whoever sends goes to the other API when one is away, as behind a balancer."""

import os
import signal
import time
from pathlib import Path

import httpx
from redis import Redis

from api.cli.supervisor import CommandService, Service
from evals.stack import Stack, wait_for
from tracking_core.embedded.process import free_port

_SETTINGS = {"HUB_LOG_LEVEL": "WARNING", "HUB_TRACK_RATE_PER_SECOND": "100000"}
_REPLICAS, _START_SECONDS = 2, 120.0


class SoakStack(Stack):
    """``hub`` are its own processes; ``ports`` are those of the APIs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _SETTINGS, meta_options=("--no-store-bodies",))
        self.ports = [self.port, *(free_port() for _ in range(_REPLICAS - 1))]
        self.apis = [self._replica("api", at, HUB_PORT=str(port)) for at, port in enumerate(self.ports)]
        self.workers = [self._replica("worker", at, "--queue", "sales") for at in range(_REPLICAS)]
        self.schedulers = [self._replica("scheduler", at) for at in range(_REPLICAS)]
        self.api = self.apis[0]

    @property
    def hub(self) -> list[CommandService]:
        return [*self.apis, *self.workers, *self.schedulers]

    def open(self) -> None:
        """Everything runs and the APIs answer."""
        self.start_servers()
        for service in (self.meta, *self.hub):
            service.start()
        for port in self.ports:
            wait_for(lambda at=port: is_ready(at), _START_SECONDS, every=0.5)  # type: ignore[misc]
        self.await_answers(self.meta)

    def kill(self, service: CommandService, seconds: float) -> None:
        """kill -9, and started again after ``seconds``."""
        if service.pid and service.is_running():
            os.kill(service.pid, signal.SIGKILL)
        wait_for(lambda: not service.is_running())
        time.sleep(seconds)
        service.start()

    def flush_redis(self) -> None:
        with Redis.from_url(self.redis.url) as redis:
            redis.flushall()

    def pids(self) -> dict[str, int]:
        """Of everything that runs, the servers and the simulator included."""
        services: list[Service] = [*self.hub, self.meta, self.postgres, self.redis]
        return {one.name: one.pid for one in services if one.pid and one.is_running()}

    def _services(self) -> tuple[CommandService, ...]:
        return (*self.schedulers, *self.workers, *self.apis, self.meta)

    def _replica(self, kind: str, number: int, *arguments: str, **settings: str) -> CommandService:
        name = f"{kind}-{number + 1}"
        return self.service(name, ["-m", "api.cli", kind, *arguments], **settings)


def is_ready(port: int) -> bool:
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False)
    return answer.status_code == httpx.codes.OK
