"""``python -m evals.pages shots|clicks|speed``: pictures of every page, a setup counted, what pages cost."""

import argparse
import sys
from pathlib import Path

from evals.pages import clicks, shots, speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=None, help="path of the browser; by default Playwright's own")
    commands = parser.add_subparsers(dest="command", required=True)
    taken = commands.add_parser("shots")
    taken.add_argument("--only", default="", help="pages whose names begin so")
    taken.add_argument("--folder", type=Path, default=shots.FOLDER)
    counted = commands.add_parser("clicks")
    counted.add_argument("--json", type=Path, default=Path(".hub/clicks.json"))
    counted.add_argument("--docs", type=Path, default=None, help="a document to put the table into")
    measured = commands.add_parser("speed")
    measured.add_argument("--json", type=Path, default=Path(".hub/page-speed.json"))
    measured.add_argument("--times", type=int, default=5, help="each figure is the median of so many")
    measured.add_argument("--docs", type=Path, default=None, help="a document to put the tables into")
    asked = parser.parse_args()
    sys.exit(0 if _done(asked) else 1)


def _done(asked: argparse.Namespace) -> bool:
    """Whether everything is within its limits."""
    if asked.command == "clicks":
        return clicks.run(asked.chromium, asked.json, asked.docs)
    if asked.command == "speed":
        return speed.run(asked.chromium, asked.json, asked.docs, times=asked.times)
    total = shots.run(asked.chromium, asked.folder, asked.only)
    print(f"{total / 1_000_000:.2f} MB in {asked.folder}, at most {shots.BYTES_MAX / 1_000_000:.1f} MB.")
    return total <= shots.BYTES_MAX


if __name__ == "__main__":
    main()
