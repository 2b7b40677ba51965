"""The search for a browser: what does not run is passed over, and nothing found is an error that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import chromium


def program(folder: Path, name: str, *, says: str, code: int = 0) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only this folder is on the PATH, Playwright's download fails, and this user is not root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(chromium, "USUAL_PLACES", ())
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "executable", program(tmp_path, "python-offline", says="no network", code=1))
    return tmp_path


def test_the_first_that_runs_is_taken_and_a_placeholder_package_is_not(empty_machine: Path) -> None:
    program(empty_machine, "chromium-browser", says="install the snap instead", code=1)
    program(empty_machine, "google-chrome", says="nothing that looks like a version")
    good = program(empty_machine, "google-chrome-stable", says="Google Chrome 150.0")
    assert chromium.ensure_chromium() == good


def test_with_no_browser_and_no_way_to_one_it_says_what_was_tried(empty_machine: Path) -> None:
    program(empty_machine, "chromium", says="broken", code=1)
    with pytest.raises(chromium.ChromiumMissing) as missing:
        chromium.ensure_chromium()
    for hint in ("Install chromium", "chromium: does not run", "playwright install chromium", "not root"):
        assert hint in str(missing.value)


def test_root_gets_the_distributions_package_after_an_update(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(tuple(command[:2]))
        if command[:2] == ("apt-get", "install"):
            program(empty_machine, "chromium", says="Chromium 150.0")
        return subprocess.CompletedProcess(command, int("playwright" in command), stdout="Chromium 150.0", stderr="")

    program(empty_machine, "apt-get", says="")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", run)
    assert chromium.ensure_chromium() == str(empty_machine / "chromium")
    assert commands[-3:-1] == [("apt-get", "update"), ("apt-get", "install")]
