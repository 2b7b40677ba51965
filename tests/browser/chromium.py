"""A Chromium that runs, on whatever machine the tests are: ``python -m tests.browser.chromium`` prints its path."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell is the same engine without a desktop browser's own windows: a page takes it a fifth of the work.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
USUAL_PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/opt/google/chrome/chrome",
    "/snap/bin/chromium",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
DOWNLOAD_SECONDS = 600


class ChromiumMissing(RuntimeError):
    """No way to a running Chromium was left. The message lists what was tried."""


def ensure_chromium() -> str:
    """The path of a Chromium that starts: installed, else Playwright's download, else the distribution's package.

    Raises ChromiumMissing; a caller must not turn that into a skipped test.
    """
    tried: list[str] = []
    for candidate in _candidates(tried):
        if _runs(candidate):
            return candidate
        tried.append(f"{candidate}: does not run")
    raise ChromiumMissing(
        "The browser tests need a Chromium. Install chromium or google-chrome, or let "
        "`python -m playwright install chromium` reach the network.\nTried:\n- " + "\n- ".join(tried)
    )


def _candidates(tried: list[str]) -> Iterator[str]:
    yield from _installed()
    yield from _downloaded(tried)
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        yield from _packaged(tried)
    else:
        tried.append("apt-get: not root, or not there")


def _installed() -> Iterator[str]:
    found = [path for name in NAMES if (path := shutil.which(name))]
    yield from dict.fromkeys([*found, *(place for place in USUAL_PLACES if Path(place).is_file())])


def _downloaded(tried: list[str]) -> Iterator[str]:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).is_file() and not _succeeds(tried, sys.executable, "-m", "playwright", "install", "chromium"):
        return
    if Path(path).is_file():
        yield path


def _packaged(tried: list[str]) -> Iterator[str]:
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends")
    updated = _succeeds(tried, "apt-get", "update", "-q")
    if updated and (_succeeds(tried, *install, SHELL) or _succeeds(tried, *install, "chromium")):
        yield from _installed()


def _succeeds(tried: list[str], *command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
        problem = f"exit {done.returncode} {done.stderr.strip()[-300:]}" if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        tried.append(f"{' '.join(command)}: {problem}")
    return not problem


def _runs(path: str) -> bool:
    """Some distributions ship a ``chromium`` that only says to install another package, and some lack libraries."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and any(character.isdigit() for character in done.stdout)


if __name__ == "__main__":
    sys.stdout.write(ensure_chromium() + "\n")
