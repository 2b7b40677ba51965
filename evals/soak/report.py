"""A run told to people as tables and to programs as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from evals.soak.checks import Check
from evals.soak.faults import Broken
from evals.soak.sampling import Sample

_MARKS = {None: "", True: "[green]holds[/green]", False: "[red]fails[/red]"}
_ROWS_MOST = 30


def show(console: Console, checks: Sequence[Check], samples: Sequence[Sample]) -> None:
    console.print(_over_time(samples))
    table = Table(title="make soak")
    for heading in ("what", "measured", "limit", ""):
        table.add_column(heading)
    for one in checks:
        table.add_row(one.name, one.measured, one.limit, _MARKS[one.holds])
    console.print(table)


def _over_time(samples: Sequence[Sample]) -> Table:
    """A few of the samples, evenly spaced."""
    names = sorted({one.process for sample in samples for one in sample.memory})
    table = Table(title="memory (MB), what was due, and what was open")
    for heading in ("s", *names, "due", "oldest s", "delivered", "alerts"):
        table.add_column(heading, justify="left" if heading == "alerts" else "right")
    for sample in samples[:: max(1, -(-len(samples) // _ROWS_MOST))]:
        memory = {one.process: f"{one.mb:.0f}" for one in sample.memory}
        table.add_row(
            f"{sample.at - samples[0].at:.0f}", *(memory.get(name, "-") for name in names), *_standing(sample)
        )
    return table


def line(sample: Sample, seconds: float) -> str:
    due, oldest, delivered, alerts = _standing(sample)
    return f"{seconds:5.0f} s  due {due}, oldest {oldest} s, delivered {delivered}, open alerts: {alerts or 'none'}"


def _standing(sample: Sample) -> tuple[str, str, str, str]:
    due = "?" if sample.due is None else f"{sum(sample.due.values()):,}"
    oldest = "?" if sample.oldest is None else f"{sample.oldest:.0f}"
    delivered = "?" if sample.ledger is None else f"{sample.ledger.get('delivered', 0):,}"
    alerts = "?" if sample.alerts is None else ", ".join(sorted({one.objective for one in sample.alerts}))
    return due, oldest, delivered, alerts


def write(
    path: Path,
    settings: Mapping[str, Any],
    checks: Sequence[Check],
    samples: Sequence[Sample],
    broken: Sequence[Broken],
) -> None:
    said = {
        "holds": holds(checks),
        "settings": dict(settings),
        "checks": [asdict(one) for one in checks],
        "faults": [asdict(one) for one in broken],
        "samples": [asdict(one) for one in samples],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))


def holds(checks: Sequence[Check]) -> bool:
    return all(one.holds is not False for one in checks)
