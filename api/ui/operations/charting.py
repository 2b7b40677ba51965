"""The charts of the console: which metrics each shows, told as lines, as a table and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracking_core.reporting.metrics import Metric, Unit
from tracking_core.reporting.series import Line, Series

# More lines than this cannot be told apart; the table has them all.
LINES_MAX = 7
_ROWS_MAX = 48


@dataclass(frozen=True, slots=True)
class Kind:
    """``lead`` stands for the chart when it is drawn by tenant or dataset; without one the metrics are added up."""

    name: str
    metrics: tuple[Metric, ...]
    lead: Metric | None = None


def _all(*beginnings: str) -> tuple[Metric, ...]:
    return tuple(metric for metric in Metric if metric.startswith(beginnings))


KINDS = (
    Kind("events", _all("events_")),
    Kind("sales", _all("sales_"), lead=Metric.SALES_RECEIVED),
    Kind("match_rate", (Metric.MATCH_RATE,), lead=Metric.MATCH_RATE),
    Kind("sent", _all("sent_")),
    Kind("failures", _all("failed_")),
    Kind("retries", (Metric.RETRIES, Metric.REPLAYS)),
    Kind("queue_delay", _all("queue_delay_"), lead=Metric.QUEUE_DELAY_P95),
    Kind("latency", _all("delivery_latency_"), lead=Metric.DELIVERY_LATENCY_P95),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line. It is of a ``metric``, or of everything in ``label``, a tenant or a dataset."""

    metric: Metric | None
    label: str | None
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]


@dataclass(frozen=True, slots=True)
class Chart:
    name: str
    unit: Unit
    starts: tuple[datetime, ...]
    lines: Sequence[Drawn]

    @property
    def is_empty(self) -> bool:
        return not any(any(line.known) for line in self.lines)

    @property
    def rows(self) -> list[tuple[datetime, tuple[float | None, ...]]]:
        """Of the table, newest first: the buckets in which there was anything, the last so many."""
        pairs = zip(self.starts, zip(*(line.values for line in self.lines), strict=True), strict=True)
        return [(at, values) for at, values in pairs if any(values)][::-1]

    @property
    def shown(self) -> list[tuple[datetime, tuple[float | None, ...]]]:
        return self.rows[:_ROWS_MAX]

    def data(self, language: str, most: int) -> dict[str, Any]:
        """What the script draws. ``starts`` are seconds since the epoch."""
        lines = [[_short(value) for value in line.values] for line in self.lines[:most]]
        starts = [int(start.timestamp()) for start in self.starts]
        return {"unit": self.unit.value, "language": language, "starts": starts, "lines": lines}


def charts_of(series: Series) -> list[Chart]:
    """Those of which the series tells anything."""
    made = [(kind, [line for line in series.lines if line.metric in kind.metrics]) for kind in KINDS]
    return [Chart(kind.name, kind.metrics[0].unit, series.starts, _drawn(kind, lines)) for kind, lines in made if lines]


def _drawn(kind: Kind, lines: Sequence[Line]) -> list[Drawn]:
    if lines[0].group is None:
        return [Drawn(line.metric, None, line.values) for line in lines]
    labels = {line.group.id: line.group.label for line in lines if line.group}
    return [
        Drawn(None, label, _together(kind, [line for line in lines if line.group and line.group.id == group]))
        for group, label in labels.items()
    ]


def _together(kind: Kind, lines: Sequence[Line]) -> tuple[float | None, ...]:
    if kind.lead is not None:
        return next(line.values for line in lines if line.metric is kind.lead)
    return tuple(sum(value or 0.0 for value in values) for values in zip(*(line.values for line in lines), strict=True))


def _short(value: float | None) -> float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 3)
