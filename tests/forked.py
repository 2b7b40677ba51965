"""Processes of the hub for tests, forked from one that has imported everything: a tenth of a second of work where
``python -m`` has three. That a hub starts from nothing is shown in tests/cli and tests/secrets.

Run as a module it is the process that is forked. It reads JSON lines: an order, to which it says the number of the
process that carries it out and does what ``python -m`` would; or such a number, to which it says how that one ended.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from api.cli.supervisor import CommandService
from tracking_core.embedded.process import die_with_parent
from tracking_core.i18n import DEFAULT_LOCALE, catalogue
from tracking_core.kit.loading import loading

_STOP_SECONDS = 20.0
_ENDED: dict[int, int] = {}
_IMPORTED = (
    "agent.checkpoints",
    "agent.worker",
    "api.app",
    "api.cli.processes",
    "evals.simulators.landing.app",
    "evals.simulators.llm.app",
    "evals.simulators.meta.app",
    "evals.simulators.meta.transport",
    "evals.simulators.providers.app",
    "tracking_core.worker.main",
    "tracking_core.worker.scheduler",
)


class ForkedService(CommandService):
    """Its command is ``[sys.executable, "-m", module, *arguments]``."""

    def __init__(self, name: str, command: list[str], *, environment: dict[str, str], log: Path) -> None:
        super().__init__(name, command, environment=environment, log=log)
        self._process: psutil.Process | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        try:
            return (
                self._process is not None
                and self._process.is_running()
                and self._process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False

    def start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        _, _, *command = self._command
        self._process = psutil.Process(_prepared().fork(_order(command, self._environment, log=self._log)))

    def stop(self) -> None:
        if self._process is None or not self.is_running():
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(
    command: list[str], environment: dict[str, str], *, said: str = "", seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """As ``subprocess.run`` of ``python -m`` with ``said`` on standard input; ``command`` begins with the module."""
    with tempfile.TemporaryDirectory(prefix="hub-forked-") as name:
        [given, out, err] = [Path(name) / one for one in ("in", "out", "err")]
        given.write_text(said)
        pid = _prepared().fork(_order(command, environment, given=given, log=out, errors=err))
        deadline = time.monotonic() + seconds
        while (status := _prepared().status(pid)) is None:
            assert time.monotonic() < deadline, f"{command} goes on"
            time.sleep(0.02)
        return subprocess.CompletedProcess(command, status, out.read_text(), err.read_text())


def _order(
    command: list[str], environment: dict[str, str], *, log: Path, errors: Path | None = None, given: Path | None = None
) -> dict[str, Any]:
    files = [str(given or os.devnull), str(log), str(errors or log)]
    return {"command": command, "environment": environment, "files": files}


class _Prepared:
    """The process that is forked. It ends with this one, and what was forked from it with it."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is for pytest, which then closes the pipe
        )
        self._lock = threading.Lock()

    def fork(self, order: dict[str, Any]) -> int:
        return int(self._answer(order))

    def status(self, pid: int) -> int | None:
        """As ``Popen.returncode``; None while it runs."""
        said = json.loads(self._answer(pid))
        return os.waitstatus_to_exitcode(said) if said is not None else None

    def close(self) -> None:
        self._process.communicate(timeout=_STOP_SECONDS)

    def _answer(self, asked: object) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            said = self._process.stdout.readline()
        assert said, "the process that is forked has ended; what it said is on standard error"
        return said


@cache
def _prepared() -> _Prepared:
    prepared = _Prepared()
    atexit.register(prepared.close)
    return prepared


def _import_everything() -> dict[str, str]:
    """Gives what importing put into the environment."""
    before = dict(os.environ)
    with loading():
        for name in _IMPORTED:
            import_module(name)
        catalogue(DEFAULT_LOCALE)
    gc.freeze()
    return {name: value for name, value in os.environ.items() if name not in before}


def _serve() -> dict[str, Any] | None:
    """Comes back with its order in each process that was forked, and with nothing in the first once nobody asks."""
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if isinstance(asked, int):
            said = _ENDED.pop(asked, None)
        elif (said := os.fork()) == 0:
            return dict(asked)
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()
    return None


def _reap(*_: object) -> None:
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _ENDED[ended[0]] = ended[1]
    except ChildProcessError:
        pass


def _become(order: dict[str, Any], imported: dict[str, str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    if die := die_with_parent():
        die()
    for target, name in enumerate(order["files"]):
        with open(name, "ab" if target else "rb") as opened:
            os.dup2(opened.fileno(), target)
    os.environ.clear()
    os.environ.update(imported | order["environment"])
    module, *arguments = order["command"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _main() -> None:
    imported = _import_everything()
    signal.signal(signal.SIGCHLD, _reap)
    order = _serve()
    if order is not None:
        _become(order, imported)


if __name__ == "__main__":
    _main()
