"""One run of a few seconds with real processes: everything adds up, and it is written down."""

from pathlib import Path

import orjson
import pytest

from evals.soak.__main__ import main
from evals.soak.stack import SoakStack
from tests.forked import ForkedService

pytestmark = pytest.mark.timeout(240)
# A short run on a busy machine says nothing of speed; nothing of it is judged by time here.
_ANY_MS = "120000"


class Forked(SoakStack):
    command_service = ForkedService


def test_a_short_run_adds_up_and_is_written_down(tmp_path: Path) -> None:
    written = tmp_path / "soak.json"
    size = ["--minutes", "0.1", "--events", "20", "--sales", "4"]
    status = main([*size, "--no-faults", "--late-ms", _ANY_MS, "--json", str(written)], stack_type=Forked)
    said = orjson.loads(written.read_bytes())
    assert (status, said["holds"]) == (0, True)
    measured = {one["name"]: one["measured"] for one in said["checks"]}
    assert int(measured["browser events acknowledged"]) > 50
    assert int(measured["paid sales taken from the gateways"]) > 10
    assert {one["process"] for one in said["samples"][0]["memory"]} >= {"api-1", "worker-2", "PostgreSQL"}
