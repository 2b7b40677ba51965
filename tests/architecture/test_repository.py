"""Rules of the repository that no linter knows."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = {"agent", "api", "docs", "evals", "prompts", "tests", "tools", "tracking_core", "deploy", ".ci"}


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines()]


def test_nothing_stands_at_the_top_but_the_rooms_and_what_tools_need() -> None:
    folders = {path.parts[0] for path in _tracked() if len(path.parts) > 1}
    assert folders <= ROOMS


def test_no_file_is_longer_than_the_alarm() -> None:
    long = {
        str(path): lines
        for path in _tracked()
        if path.suffix == ".py" and "migrations" not in path.parts and (ROOT / path).exists()
        for lines in [len((ROOT / path).read_text().splitlines())]
        if lines > 400
    }
    assert long == {}


def test_the_lock_names_no_index_host() -> None:
    assert not re.search(r"https?://", (ROOT / "requirements.lock").read_text())
