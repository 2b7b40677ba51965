"""The hub's processes as most tests start them: forked, on a PostgreSQL that has the tables from the start."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from api.cli.processes import upgrade_all
from api.cli.supervisor import CommandService
from evals import stack
from tests.forked import ForkedService
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port


class CopiedPostgres(EmbeddedPostgres):
    """A copy of one that was initialised and migrated once in this test process."""

    def __init__(self, data_dir: Path, port: int, *, durable: bool = True) -> None:
        shutil.copy2(_original() / "postgres.password", data_dir)
        super().__init__(data_dir, port, durable=durable)

    def _initialise(self) -> None:
        if not self._root.exists():
            subprocess.run(["cp", "-a", str(_original() / "postgres"), str(self._root)], check=True)


@cache
def _original() -> Path:
    """The folder of one that is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="hub-original-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder, free_port(), durable=False)
    postgres.start()
    upgrade_all(postgres.url)
    postgres.stop()
    return folder


class Stack(stack.Stack):
    """``stop`` is asked for by whoever started it, and by ``stop_all`` before that."""

    command_service: type[CommandService] = ForkedService
    postgres_type = CopiedPostgres
    is_durable = False

    def start_servers(self) -> None:
        _OPEN.append(self)
        super().start_servers()

    def stop(self) -> None:
        if self in _OPEN:
            _OPEN.remove(self)
            super().stop()


_OPEN: list[Stack] = []


def stop_all() -> None:
    """A stack that waits for nothing takes a hundredth of a core for each process, until the last test of all."""
    while _OPEN:
        _OPEN[-1].stop()
