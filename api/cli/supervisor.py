"""Keep a set of child processes alive, in order, and stop them in reverse."""

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tracking_core.embedded.process import die_with_parent

_BACKOFF_FIRST, _BACKOFF_MAX, _HEALTHY_SECONDS = 0.2, 5.0, 30.0
_STOP_SECONDS = 20.0


class Service(Protocol):
    """Something that runs as a child: the embedded servers, or a command of ours."""

    name: str

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def is_running(self) -> bool: ...


class CommandService:
    """A command of ours, its output in a log file of its own."""

    def __init__(self, name: str, command: list[str], *, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._command, self._environment, self._log = command, environment, log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C must reach the children through us, in order, and not all at once.
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )

    def stop(self) -> None:
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


@dataclass
class _Watched:
    service: Service
    started_at: float = 0.0
    backoff: float = _BACKOFF_FIRST
    retry_at: float = 0.0


@dataclass
class Supervisor:
    """``on_change`` is called after every (re)start; ``notice`` gets one line for each thing that happened."""

    notice: Callable[[str], None]
    on_change: Callable[[], None]
    _watched: list[_Watched] = field(default_factory=list)

    def start(self, service: Service) -> None:
        watched = _Watched(service)
        self._watched.append(watched)
        service.start()
        watched.started_at = time.monotonic()
        self.on_change()

    def pids(self) -> dict[str, int]:
        return {one.service.name: one.service.pid for one in self._watched if one.service.pid}

    def watch(self, stopping: threading.Event) -> None:
        """Restart what dies until ``stopping`` is set: at once first, then with a growing pause."""
        while not stopping.wait(0.1):
            for watched in self._watched:
                if not watched.service.is_running():
                    self._revive(watched)

    def stop(self) -> None:
        while self._watched:
            self._watched.pop().service.stop()

    def _revive(self, watched: _Watched) -> None:
        now = time.monotonic()
        if now < watched.retry_at:
            return
        if now - watched.started_at > _HEALTHY_SECONDS:
            watched.backoff = _BACKOFF_FIRST
        self.notice(f"{watched.service.name} ended; starting it again")
        watched.retry_at = now + watched.backoff
        watched.backoff = min(watched.backoff * 2, _BACKOFF_MAX)
        try:
            watched.service.start()
        except Exception as error:
            self.notice(f"{watched.service.name} did not start: {error}")
            return
        watched.started_at = time.monotonic()
        self.on_change()
