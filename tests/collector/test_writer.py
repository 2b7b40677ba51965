"""What breaks beside a write costs that write, and nobody who comes after it."""

import os
import subprocess
import sys

import pytest
import structlog
from structlog.testing import capture_logs

from tracking_core.collector import writer
from tracking_core.collector.accept import Accepted
from tracking_core.collector.writer import GroupWriter
from tracking_core.errors import ServiceUnavailable
from tracking_core.settings import Settings

_TELL = """
import structlog
from tracking_core.logging import configure_logging
configure_logging("INFO")
for _ in range(2_000):
    structlog.get_logger().error("told", why="x" * 100)
import os
os._exit(0)
"""


def test_a_disk_that_is_full_costs_the_line_and_nothing_else() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        told = subprocess.run([sys.executable, "-c", _TELL], stdout=full, stderr=subprocess.PIPE, env=os.environ)
    assert (told.returncode, told.stderr) == (0, b"")


async def test_a_group_that_breaks_is_refused_and_the_next_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Exception | None] = [RuntimeError("a defect"), None]

    async def write_group(_self: GroupWriter, _group: list[Accepted]) -> None:
        if error := outcomes.pop(0):
            raise error

    monkeypatch.setattr(GroupWriter, "_write_group", write_group)
    monkeypatch.setattr(writer, "log", structlog.get_logger())
    group = GroupWriter(Settings())
    group.start()
    event = Accepted.__new__(Accepted)
    with capture_logs() as lines:
        with pytest.raises(ServiceUnavailable):
            await group.write(event)
        await group.write(event)
    await group.stop()
    assert [line["event"] for line in lines] == ["collect_group_broke"]
