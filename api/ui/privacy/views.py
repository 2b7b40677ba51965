"""What a privacy request's page says, gathered by what a person cares about rather than by table."""

from dataclasses import dataclass

from tracking_core.models import PrivacyRequest, PrivacyState

ENDED = frozenset(PrivacyState) - {PrivacyState.PLANNED, PrivacyState.RUNNING}
_MARKS = ("at", "changed")


@dataclass(frozen=True, slots=True)
class Line:
    """``what`` and ``does`` are msgids; ``tables`` are named for who wants to know exactly."""

    what: str
    does: str
    rows: int
    tables: tuple[str, ...]


def lines_of(row: PrivacyRequest) -> list[Line]:
    """Of the receipt when it is over, else of the plan; the same words together."""
    said = row.receipt.get("erased") if row.receipt else row.plan.get("items", ())
    found: dict[tuple[str, str], Line] = {}
    for one in said or ():
        key = (one["what"], one["does"])
        before = found.get(key, Line(*key, 0, ()))
        table = one["table"].removeprefix("public.")
        tables = before.tables if table in before.tables else (*before.tables, table)
        found[key] = Line(*key, before.rows + one["rows"], tables)
    return list(found.values())


def percent_of(row: PrivacyRequest) -> int:
    """Of the rows of the plan; the search at the end is the last tenth."""
    if row.state in ENDED:
        return 100
    done = sum(rows for name, rows in row.progress.items() if name not in _MARKS)
    planned = max(int(row.plan.get("rows", 0)), 1)
    return min(90, done * 90 // planned) if row.state == PrivacyState.RUNNING else 0
