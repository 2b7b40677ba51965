"""``clicks``: from the sign-in link that a fresh ``hub up`` prints to a green test sale, counted click by click."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from evals.pages.browser import PHONE, arrive, chromium
from evals.pages.documents import put
from evals.pages.hand import Counts, Hand, rows
from evals.pages.setting_up import Given, SettingUp
from evals.stack import wait_for
from tracking_core.embedded.process import free_port

# By checkout: what a setup may ask of a seller at most.
LIMITS = {"kiwify": Counts(clicks=13, fields=7, screens=7), "hotmart": Counts(clicks=13, fields=7, screens=7)}
_LINK = re.compile(r"Open as the seller: (\S+)")
_READY_SECONDS, _STOP_SECONDS = 120, 30
_DATASET = "870000000000001"
_HEADINGS = ("checkout", "clicks", "fields", "screens", "seconds", "seconds of `hub up` before")


@dataclass(frozen=True)
class Up:
    """A hub that ``hub up`` has started. ``seconds`` passed until it printed its links."""

    link: str
    landing: str
    seconds: float


def run(executable: str | None, written: Path, docs: Path | None) -> bool:
    """A table, JSON, and the document where one is given. Whether no count is over its limit."""
    counts: dict[str, Counts] = {}
    seconds = {}
    for checkout in LIMITS:
        with fresh() as up, chromium(executable) as browser:
            person = arrive(browser, up.link.partition("/sign-in")[0], size=PHONE)
            person.page.goto(up.link)
            hand = Hand(person)
            SettingUp(hand, Given(checkout, _DATASET, up.landing)).all()
            counts[checkout], seconds[checkout] = hand.done(), up.seconds
    _show(counts, seconds, docs)
    written.parent.mkdir(parents=True, exist_ok=True)
    shown = [{**one, "seconds_to_start": seconds[str(one["checkout"])]} for one in rows(counts)]
    written.write_bytes(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
    return all(not over(checkout, one) for checkout, one in counts.items())


def over(checkout: str, counts: Counts) -> list[str]:
    """Which counts are over their limits."""
    limit = LIMITS[checkout]
    return [name for name in ("clicks", "fields", "screens") if getattr(counts, name) > getattr(limit, name)]


@contextmanager
def fresh() -> Iterator[Up]:
    """In a folder of its own, on free ports."""
    with tempfile.TemporaryDirectory(prefix="hub-clicks-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        output, began = Path(folder) / "printed", time.monotonic()
        ports = {name: free_port() for name in ("port", "postgres-port", "redis-port", "simulators-port")}
        command = [sys.executable, "-m", "api.cli", "up", "--data-dir", folder]
        command += [part for name, port in ports.items() for part in (f"--{name}", str(port))]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        with output.open("wb") as printed:
            child = subprocess.Popen(command, stdout=printed, stderr=printed, env=environment, start_new_session=True)
        try:
            wait_for(lambda: bool(_LINK.search(output.read_text(errors="replace"))), _READY_SECONDS)
            link = _LINK.search(output.read_text(errors="replace"))
            assert link is not None
            landing = f"http://127.0.0.1:{ports['simulators-port']}/_landing"
            yield Up(link[1], landing, round(time.monotonic() - began, 1))
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(_STOP_SECONDS)


def _show(counts: dict[str, Counts], seconds: dict[str, float], docs: Path | None) -> None:
    lines = [_line(name, one, seconds[name]) for name, one in counts.items()]
    table = Table(title="From the opened sign-in link to a green test sale, on a phone")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == _HEADINGS[0] else "right")
    for line in lines:
        table.add_row(*line)
    Console().print(table)
    if docs is not None:
        put(docs, "clicks", _HEADINGS, lines)


def _line(name: str, one: Counts, starting: float) -> list[str]:
    limit = LIMITS[name]
    found = [f"{getattr(one, part)} (≤ {getattr(limit, part)})" for part in ("clicks", "fields", "screens")]
    return [name.title(), *found, f"{one.seconds:.0f}", f"{starting:.0f}"]
