"""One line for each figure, with its limit and whether it holds."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """``limit`` None is a figure to know, not to hold; ``at_least`` says on which side of the limit is good."""

    part: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(slots=True)
class Report:
    figures: list[Figure] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return all(figure.holds is not False for figure in self.figures)

    def show(self, console: Console) -> None:
        table = Table(title="make bench")
        for heading in ("", "figure", "measured", "limit", ""):
            table.add_column(heading, justify="right" if heading in ("measured", "limit") else "left")
        for one in self.figures:
            mark = {None: "", True: "[green]holds[/green]", False: "[red]short[/red]"}[one.holds]
            side = "≥" if one.at_least else "≤"
            limit = "" if one.limit is None else f"{side} {_number(one.limit)}"
            table.add_row(one.part, one.name, f"{_number(one.value)} {one.unit}".strip(), limit, mark)
        console.print(table)

    def write(self, path: Path) -> None:
        said = {"holds": self.holds, "figures": [{**asdict(one), "holds": one.holds} for one in self.figures]}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(said, option=orjson.OPT_INDENT_2))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
