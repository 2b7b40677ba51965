"""``python -m evals.soak``: the load, the faults, a table, ``.hub/soak.json``, exit 1 when something does not hold."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop
from rich.console import Console

from evals.soak import report
from evals.soak.checks import Check
from evals.soak.plan import plan
from evals.soak.run import Run
from evals.soak.stack import SoakStack

_MINUTE, _BEYOND_MINUTES, _PAPER_COLUMNS = 60.0, 5.0, 150


def main(arguments: Sequence[str] | None = None, *, stack_type: type[SoakStack] = SoakStack) -> int:
    """The exit status. A run ends at most five minutes after its load."""
    asked = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else _PAPER_COLUMNS)
    with tempfile.TemporaryDirectory(prefix="hub-soak-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = stack_type(Path(folder))
        try:
            run, checks = _ran(stack, asked, console)
        finally:
            stack.stop()
    report.show(console, checks, run.sampler.samples)
    report.write(asked.json, _told(asked), checks, run.sampler.samples, run.broken)
    console.print(f"Written to {asked.json}.", soft_wrap=True)
    return 0 if report.holds(checks) else 1


def _ran(stack: SoakStack, asked: argparse.Namespace, console: Console) -> tuple[Run, list[Check]]:
    seconds = asked.minutes * _MINUTE
    deadline = time.time() + seconds + _BEYOND_MINUTES * _MINUTE
    stack.open()
    faults = [] if asked.no_faults else plan(asked.seed, seconds)
    run = Run(stack, console, asked.seed, seconds, asked.events, asked.sales, asked.late_ms, faults, deadline)
    console.print(f"Seed {asked.seed}: {len(faults)} faults in {asked.minutes:g} minutes.", highlight=False)
    with stack.as_this_process():
        return run, uvloop.run(run.go())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="of load; it ends within five more")
    parser.add_argument("--events", type=float, default=300.0, help="browser events a second")
    parser.add_argument("--sales", type=float, default=20.0, help="paid sales a second")
    parser.add_argument("--seed", type=int, default=1, help="of the traffic and of the faults")
    parser.add_argument("--no-faults", action="store_true", help="the same load, and nothing breaks")
    parser.add_argument("--late-ms", type=float, default=2_000.0, help="limit of the calm p95 from webhook to Meta")
    parser.add_argument("--json", type=Path, default=Path(".hub/soak.json"))
    return parser


def _told(asked: argparse.Namespace) -> dict[str, object]:
    return {name: value for name, value in vars(asked).items() if name != "json"}


if __name__ == "__main__":
    sys.exit(main())
