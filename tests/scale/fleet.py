"""Several of each process behind a balancer and a pooler, as ``deploy/`` arranges them."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from api.cli.supervisor import CommandService
from evals.stack import wait_for
from tests.chaos.stack import Stack
from tests.scale.balancer import balanced
from tests.scale.pooler import pooled
from tracking_core.embedded.process import free_port

APIS, WORKERS, SCHEDULERS = 3, 3, 2


class Fleet(Stack):
    """``http`` speaks to the balancer. The pooler has fewer connections than the processes would like."""

    apis: list[CommandService]
    workers: list[CommandService]
    schedulers: list[CommandService]

    @contextmanager
    def up(self) -> Iterator[None]:
        """Everything runs while the block lasts; what is killed in it stays so."""
        with ExitStack() as stack:
            stack.callback(self.stop)
            self.start_servers()
            around = self.folder / "around"
            around.mkdir(mode=0o755)
            direct = self.environment["HUB_DATABASE_URL"]
            through = stack.enter_context(pooled(direct, around))
            self.environment |= {"HUB_DATABASE_DIRECT_URL": direct, "HUB_DATABASE_URL": through}
            ports = [free_port() for _ in range(APIS)]
            stack.enter_context(balanced(self.folder, self.port, ports))
            self._make(ports)
            stack.callback(self._stop_processes)
            self._start(ports)
            yield

    def kill(self, service: CommandService) -> None:
        """kill -9, and nobody starts it again."""
        assert service.pid
        os.kill(service.pid, signal.SIGKILL)
        wait_for(lambda: not service.is_running())

    def leader(self) -> list[tuple[object, ...]]:
        """Who leads, and how many have led."""
        return self.rows("SELECT owner, fence FROM leases WHERE name = 'scheduler' AND until > now()")

    def _make(self, ports: list[int]) -> None:
        self.apis = [self._process("api", at, HUB_PORT=str(port)) for at, port in enumerate(ports)]
        self.workers = [self._process("worker", at, "--queue", "sales") for at in range(WORKERS)]
        self.schedulers = [self._process("scheduler", at) for at in range(SCHEDULERS)]

    def _process(self, kind: str, number: int, *arguments: str, **settings: str) -> CommandService:
        return self.service(f"{kind}-{number}", ["-m", "api.cli", kind, *arguments], **settings)

    def _start(self, ports: list[int]) -> None:
        self.start(self.meta, self.schedulers[0])
        wait_for(lambda: self.leader() != [])  # the one that a test kills
        self.start(*self.apis, *self.workers, *self.schedulers[1:])
        for port in ports:
            wait_for(lambda at=port: _is_ready(at))  # type: ignore[misc]

    def _stop_processes(self) -> None:
        for service in (*self.apis, *self.workers, *self.schedulers):
            service.stop()


def _is_ready(port: int) -> bool:
    return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False).status_code == httpx.codes.OK
