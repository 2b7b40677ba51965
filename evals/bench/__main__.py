"""``python -m evals.bench``: every part, a table, a JSON file, exit 1 when a figure falls short of its limit."""

import argparse
import gc
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from evals.bench import drain, ingestion, matching, sales, streams
from evals.bench.report import Figure, Report
from evals.bench.shop import Shop, open_shop
from evals.stack import Stack

_PARTS: dict[str, Callable[[Stack, Shop, float], list[Figure]]] = {
    "a": ingestion.measure,
    "b": sales.measure,
    "d": drain.measure,
    "e": matching.measure,
    "g": streams.measure,
}
_SETTINGS = {"HUB_TRACK_RATE_PER_SECOND": "1000000", "HUB_LOG_LEVEL": "WARNING"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="".join(_PARTS), help="letters of the parts to run")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each timed run")
    parser.add_argument("--json", type=Path, default=Path(".hub/bench.json"))
    asked = parser.parse_args()
    report, console = Report(), Console()
    gc.disable()  # a collection in the load generator would count as the server's latency
    for letter in asked.only:
        console.print(f"({letter}) {(_PARTS[letter].__doc__ or '').splitlines()[0]}")
        report.figures += _run(_PARTS[letter], asked.seconds)
    report.show(console)
    report.write(asked.json)
    console.print(f"Written to {asked.json}.", soft_wrap=True)
    sys.exit(0 if report.holds else 1)


def _run(part: Callable[[Stack, Shop, float], list[Figure]], seconds: float) -> list[Figure]:
    """Each part on servers of its own, so that none inherits another's data."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack(Path(folder), _SETTINGS, meta_options=("--no-store-bodies",))
        try:
            stack.start_servers()
            return part(stack, open_shop(stack), seconds)
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
