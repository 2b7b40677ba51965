"""What the simulator remembers: registered datasets, faults to play, and every event it took."""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

_DEDUPE_SECONDS = 48 * 3_600
FAULT_KINDS = frozenset(
    {
        "http_500",
        "dead",
        "graph_500",
        "http_429",
        "graph_throttle",
        "html",
        "code_190",
        "code_100_33",
        "poison",
        "timeout_before",
        "slow",
        "timeout_after_accept",
        "disconnect_after_accept",
        "zero_received",
        "empty_200",
    }
)


@dataclass
class Fault:
    """``times`` None plays until it is deleted; ``dataset_id`` None plays for every dataset."""

    kind: str
    dataset_id: str | None = None
    times: int | None = None
    params: dict[str, Any] = field(default_factory=dict)


@dataclass
class Counts:
    """Of one dataset. ``accepted`` counts each event once, as Meta's deduplication does."""

    requests: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0


@dataclass
class State:
    keep: int = 20_000
    with_bodies: bool = True
    registered: dict[str, dict[str, str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)
    first_seen: dict[tuple[str, str, str], float] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    events: deque[dict[str, Any]] = field(default_factory=deque)

    def of(self, dataset_id: str) -> Counts:
        return self.counts.setdefault(dataset_id, Counts())

    def next_fault(self, dataset_id: str, event_ids: set[str]) -> Fault | None:
        """The first fault that applies; a counted one is used up by playing."""
        for fault in self.faults:
            if fault.dataset_id not in (None, dataset_id):
                continue
            if fault.kind == "poison" and fault.params.get("event_id") not in event_ids:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault
        return None

    def take(self, dataset_id: str, events: list[dict[str, Any]], headers: dict[str, str]) -> None:
        """Store a whole request that was found valid."""
        now, counts = time.time(), self.of(dataset_id)
        for event in events:
            event_id = str(event.get("event_id", ""))
            key = (dataset_id, event["event_name"], event_id)
            seen = self.first_seen.get(key) if event_id else None
            is_duplicate = seen is not None and now - seen < _DEDUPE_SECONDS
            if is_duplicate:
                counts.duplicates += 1
            else:
                counts.accepted += 1
                self.first_seen[key] = now
            self.received[event_id] = self.received.get(event_id, 0) + 1
            if self.with_bodies:
                self._keep(dataset_id, event, now, headers, is_duplicate=is_duplicate)

    def clear(self) -> None:
        for one in (self.counts, self.first_seen, self.received, self.events):
            one.clear()

    def _keep(
        self, dataset_id: str, event: dict[str, Any], now: float, headers: dict[str, str], *, is_duplicate: bool
    ) -> None:
        if len(self.events) >= self.keep:
            self.events.popleft()
        self.events.append(
            {
                "dataset_id": dataset_id,
                "received_at": now,
                "duplicate": is_duplicate,
                "event": event,
                "headers": headers,
            }
        )
