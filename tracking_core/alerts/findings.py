"""What an evaluation finds: that an objective is broken now, for whom, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from tracking_core.alerts.registry import Code
from tracking_core.models import Severity


class Key(NamedTuple):
    """An incident is one of these; at most one alert is open for each. ``tenant_id`` None: of the whole hub."""

    tenant_id: UUID | None
    objective: Code
    scope: str


@dataclass(frozen=True, slots=True)
class Finding:
    """``facts`` are numbers alone: what was measured, by names that say it, and the limits in use as ``limit_…``.

    Ratios: ``share`` that was good of ``total`` with ``bad``, ``target``, ``burn_rate_long`` over ``long_seconds`` and
    ``burn_rate_short`` over ``short_seconds``. match_rate_drop: ``share``, ``usual_share``, ``sales``,
    ``window_seconds``. queue_delay: ``delay_seconds``. Silences: ``silent_minutes``, ``expected`` meanwhile; of a
    gateway that was never heard of ``listed``, the sales that its list brought.
    connection_on_hold: ``held_minutes``, ``waiting`` (1000 is that or more). token_expiring: ``days_left``.
    dead_letters: ``died`` in the last hour. not_reconciled: ``differing`` sales, or for how long no list was read,
    ``unread_minutes``. sales_withheld: ``withheld`` in the last day. erasure_unfinished: ``left_rows`` that the search
    found, or its ``failures``. handoff_late: ``cases``, ``late_minutes`` of the oldest.
    webhooks_unread: ``unread`` of so many ``shops``.
    """

    key: Key
    severity: Severity
    facts: Mapping[str, float] = field(default_factory=dict)
