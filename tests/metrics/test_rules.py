"""The rules, read and carried out by Prometheus' own tool."""

import subprocess
from pathlib import Path

import pytest

from tests.scale.programs import ensure

_SECONDS = 60
PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"


@pytest.fixture(scope="module")
def promtool() -> str:
    return ensure("promtool", "prometheus")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "--lint-fatal", PROMETHEUS / "rules.yml"),
        ("check", "config", PROMETHEUS / "prometheus.yml"),
        ("test", "rules", Path(__file__).with_name("rules_test.yml")),
    ],
    ids=["rules", "config", "who is woken by what"],
)
def test_prometheus_is_content(promtool: str, arguments: tuple[str | Path, ...]) -> None:
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
