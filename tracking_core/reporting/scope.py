"""Whose rows are read, from when, and the WHERE that says so."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest

END_BEFORE_START = "The end must come after the start."


@dataclass(frozen=True, slots=True)
class Scope:
    """One tenant's rows. Everybody's are asked for by ``EVERYONE`` alone, never by leaving something out."""

    tenant_id: UUID | None


EVERYONE = Scope(None)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` on and before ``until``, both aware; None is open. Raises InvalidRequest when nothing can lie
    between them."""

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise InvalidRequest([problem("until", END_BEFORE_START)])


ANY_TIME = Period()


@dataclass(slots=True)
class Where:
    """Conditions of our own words, joined by AND; what was asked for is only ever bound."""

    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values |= values

    def given(self, condition: str, **values: Any) -> None:
        """Only when what it compares with was asked for."""
        if all(value is not None for value in values.values()):
            self.add(condition, **values)

    def scope(self, column: str, scope: Scope) -> None:
        self.given(f"{column} = :tenant", tenant=scope.tenant_id)

    def period(self, column: str, period: Period) -> None:
        self.given(f"{column} >= :since", since=period.since)
        self.given(f"{column} < :until", until=period.until)

    @property
    def text(self) -> str:
        return " AND ".join(self.conditions) or "true"


def prefix(text: str) -> str:
    """The LIKE pattern of what begins with the text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"
