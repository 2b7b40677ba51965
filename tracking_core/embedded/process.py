"""A server run in the foreground as a child: its pid is ours to watch, and it ends with us."""

import atexit
import ctypes
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tracking_core.errors import ConfigurationError

_PR_SET_PDEATHSIG = 1
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_LOG_TAIL = 12
# Below what systems take for outgoing connections.
_UNASKED_PORTS = (12_000, 32_000)


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """For ``preexec_fn``: have the kernel signal the child when its parent ends, even by kill -9 (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, number)


def free_port() -> int:
    """A loopback port nobody listens on right now, of those that the system gives to no connection of its own accord.

    It may be a while until it is listened on: until this process ends no other is given it (Linux only).
    """
    while True:
        port = random.randrange(*_UNASKED_PORTS)  # noqa: S311
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.close()
            continue
        _hold(probe)
        return port


def _hold(bound: socket.socket) -> None:
    """Keep a port from whoever asks as ``free_port`` does, and leave it to a server, which may reuse an address."""
    if sys.platform.startswith("linux"):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        atexit.register(bound.close)
    else:
        bound.close()


def require_free(port: int, setting: str) -> None:
    """Raise ConfigurationError naming the port, its holder and the setting to change."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationError(
                problem=f"Port {port} is taken{_holder(port)}. Stop it, or choose another port with {setting}."
            ) from None


def kept_password(path: Path) -> str:
    """The password in ``path``, made on first use; readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text().strip()


class ServerProcess:
    """Start, health, stop and kill of one child. Subclasses say the command and when it is ready."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, log: Path) -> None:
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def spawn(self, command: list[str], is_ready: Callable[[], bool], **options: Any) -> None:
        """Start the command and wait until it is ready, or raise with the tail of its log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent(), **options
            )
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if not self.is_running() or time.monotonic() > deadline:
                tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-_LOG_TAIL:])
                self.kill()
                raise ConfigurationError(problem=f"{self.name} did not start. The end of {self._log.name}:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Clean stop, forced after 20 seconds; nothing to do when it is not running."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.send_signal(self.stop_signal)
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("inet"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})" if connection.pid else ""
    except (psutil.Error, OSError):
        pass
    return ""
