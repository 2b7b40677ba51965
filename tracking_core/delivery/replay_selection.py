"""Which dead letters a replay is about, and what would become of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tracking_core.delivery.retry_policy import Schedule, deadline
from tracking_core.models import IS_UNDONE


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None


# Said without a time zone, it is in UTC.
Moment = Annotated[datetime, AfterValidator(_in_utc)]
IDS_MAX = 10_000


class ReplayFilter(BaseModel):
    """Which dead letters: by id, by reason prefix, by connection, by time of creation; together they narrow.

    Nothing given means all of them, so a name that is not one of these is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    ids: list[UUID] | None = Field(default=None, max_length=IDS_MAX)
    reason: str | None = Field(default=None, max_length=100, pattern=r"^[\w:/ -]+$")
    connection_id: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class Fate(StrEnum):
    """``undone``: refunded or charged back before Meta can have heard of it, so it is closed instead of sent."""

    REPLAYABLE = "replayable"
    TOO_OLD = "older_than_7_days"
    UNSAFE = "dedupe_window_over"
    UNDONE = "undone"


TOO_LATE = (Fate.TOO_OLD, Fate.UNSAFE)
_CONDITIONS = {
    "ids": "d.id = ANY(:ids)",
    "reason": "starts_with(d.reason, :reason)",
    "connection_id": "d.connection_id = :connection_id",
    "since": "d.created_at >= :since",
    "until": "d.created_at < :until",
}
LETTERS = "deliveries d LEFT JOIN conversions c ON c.id = d.conversion_id"
# The first three are the deadlines by which a lease buries: past them a letter would only die again.
FATE = f"""CASE
    WHEN d.event_time < :useful_since THEN '{Fate.TOO_OLD}'
    WHEN d.first_ambiguous_at < :safe_since THEN '{Fate.UNSAFE}'
    WHEN d.conversion_id IS NULL AND d.event_time < :safe_since THEN '{Fate.UNSAFE}'
    WHEN d.first_ambiguous_at IS NULL AND c.{IS_UNDONE} THEN '{Fate.UNDONE}'
    ELSE '{Fate.REPLAYABLE}'
END"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The dead letters of a tenant, or of all (``tenant_id`` None), that died until ``seen_until`` and fit the filter.

    Conditions are built from what is given: one that says "or nothing is asked" would hide the index from the planner.
    """

    tenant_id: UUID | None
    wanted: ReplayFilter
    seen_until: datetime

    @property
    def condition(self) -> str:
        """SQL of ours about ``LETTERS``. One that died before deaths were written down died long ago."""
        found = ["d.state = 'dead'", "coalesce(d.died_at, d.created_at) <= :seen_until"]
        if self.tenant_id is not None:
            found.append("d.tenant_id = :tenant_id")
        return " AND ".join(found + [_CONDITIONS[name] for name in self._given()])

    def values(self, now: datetime) -> dict[str, Any]:
        """What the condition and ``FATE`` are filled with."""
        own = {} if self.tenant_id is None else {"tenant_id": self.tenant_id}
        return {**self._given(), **own, **fate_values(now), "seen_until": self.seen_until}

    def _given(self) -> Mapping[str, Any]:
        return self.wanted.model_dump(exclude_none=True)


def fate_values(now: datetime) -> dict[str, datetime]:
    """``useful_since``: an event before it is past Meta's 7 days. ``safe_since``: where the first ambiguous attempt was
    before it, or the visit that the pixel told too, a resend could be counted twice."""
    useful = deadline(Schedule(now, 0, None)) - now
    safe = deadline(Schedule(now, 0, now)) - now
    return {"useful_since": now - useful, "safe_since": now - safe}
