"""One thing that is done to the rows of a person in one table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# What a person reads about it: msgids.
DELETED, ERASED, BLANKED = "Deleted", "Erased; the row stays without the person", "The words are erased"
STOPPED, CLOSED = "Erased and not sent any more", "The account is closed and its name erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``key`` are the columns that name a row. Without ``sets`` the rows are deleted. ``what`` and ``does`` are what a
    person reads."""

    name: str
    table: str
    found: str
    what: str
    does: str
    sets: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ("id",)

    @property
    def due(self) -> str:
        """The rows that are not yet as they are to be."""
        if not self.sets:
            return f"({self.found})"
        changes = " OR ".join(f"t.{column} IS DISTINCT FROM ({value})" for column, value in self.sets.items())
        return f"({self.found}) AND ({changes})"
