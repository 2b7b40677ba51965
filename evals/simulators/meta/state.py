"""What the simulator remembers: registered datasets, faults to play, and every event it took."""

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evals.simulators.meta.faults import Call, Faults

_DEDUPE_SECONDS = 48 * 3_600
_REMEMBERED = 1_000_000

Key = tuple[str, str, str]


_UnixSeconds = Annotated[int, Field(ge=0, lt=100_000_000_000)]


class TokenFacts(BaseModel):
    """What Meta knows of a token. Moments in unix seconds, 0 for never.

    ``events_manager``: made by hand there, so that it can send and no app can look into it. ``is_expired`` and
    ``is_revoked``: every call answers 190 with subcode 463 or 460. ``missing_scope``: the code that refuses to send.
    """

    model_config = ConfigDict(extra="forbid")

    token_type: Literal["SYSTEM_USER", "USER", "events_manager"] = "SYSTEM_USER"  # noqa: S105 - kinds, not tokens
    app_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] = "1122334455"
    scopes: tuple[str, ...] = ("ads_management", "business_management")
    expires_at: _UnixSeconds = 0
    data_access_expires_at: _UnixSeconds = 0
    is_expired: bool = False
    is_revoked: bool = False
    missing_scope: Literal[10, 200] | None = None

    @property
    def can_be_debugged(self) -> bool:
        return self.token_type != "events_manager"  # noqa: S105 - a kind


class Dataset(TokenFacts):
    """A dataset with rules of its own; one that is not registered takes any token that looks like one.

    ``app_secret``: each call must carry its appsecret_proof. ``missing_permission``: reading it is refused although
    sending works, as with tokens made in Events Manager. ``textual_error_data``: ``error_data`` is JSON text.
    """

    dataset_id: str = Field(min_length=1)
    access_token: str = Field(min_length=1, repr=False)
    app_secret: str | None = Field(default=None, repr=False)
    name: str | None = None
    missing_permission: bool = False
    textual_error_data: bool = False


@dataclass
class Counts:
    """Of one dataset. ``accepted`` counts each event once, as Meta's deduplication does."""

    requests: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What is kept of a request beside its events; it holds no token."""

    headers: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class State:
    """``keep`` bounds the events read back, ``remember`` the ids known for deduplication and for the statistics.

    ``calls`` counts what was asked for, refused or not.
    """

    keep: int = 20_000
    with_bodies: bool = True
    remember: int = _REMEMBERED
    clock: Callable[[], float] = time.time
    registered: dict[str, Dataset] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    counts: dict[str, Counts] = field(default_factory=dict)
    calls: Counter[Call] = field(default_factory=Counter)
    first_seen: OrderedDict[Key, float] = field(default_factory=OrderedDict)
    received: OrderedDict[str, int] = field(default_factory=OrderedDict)
    events: deque[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.events = deque(maxlen=self.keep)

    def of(self, dataset_id: str) -> Counts:
        return self.counts.setdefault(dataset_id, Counts())

    def holder(self, token: str) -> Dataset | None:
        """The first registered dataset with this token."""
        return next((one for one in self.registered.values() if one.access_token == token), None)

    def take(self, dataset_id: str, events: list[dict[str, Any]], sent: Sent) -> None:
        """Store a whole request that was found valid."""
        now, counts = self.clock(), self.of(dataset_id)
        self._forget(now)
        for event in events:
            is_duplicate = self._is_repeat(dataset_id, event, now)
            if is_duplicate:
                counts.duplicates += 1
            else:
                counts.accepted += 1
            if self.with_bodies:
                self._keep(dataset_id, event, now, sent, is_duplicate=is_duplicate)

    def reset(self) -> None:
        """As new: without datasets and faults too."""
        self.registered.clear()
        self.faults.clear(None)
        self.clear()

    def clear(self) -> None:
        for one in (self.counts, self.calls, self.first_seen, self.received, self.events):
            one.clear()

    def _is_repeat(self, dataset_id: str, event: dict[str, Any], now: float) -> bool:
        """Whether Meta drops it: the same name and id within 48 h of the first, messaging excepted."""
        event_id = event.get("event_id")
        if not event_id:
            return False
        self.received[event_id] = self.received.get(event_id, 0) + 1
        if event["action_source"] == "business_messaging":
            return False
        key = (dataset_id, event["event_name"], event_id)
        if key in self.first_seen:
            return True
        self.first_seen[key] = now
        return False

    def _forget(self, now: float) -> None:
        """Both are in order of the first arrival: what goes is at the front, and nothing else is looked at."""
        while len(self.first_seen) > self.remember or self._is_expired(now):
            self.first_seen.popitem(last=False)
        while len(self.received) > self.remember:
            self.received.popitem(last=False)

    def _is_expired(self, now: float) -> bool:
        return bool(self.first_seen) and now - self.first_seen[next(iter(self.first_seen))] >= _DEDUPE_SECONDS

    def _keep(self, dataset_id: str, event: dict[str, Any], now: float, sent: Sent, *, is_duplicate: bool) -> None:
        self.events.append(
            {
                "dataset_id": dataset_id,
                "received_at": now,
                "duplicate": is_duplicate,
                "event": event,
                "headers": sent.headers,
                "parameters": sent.parameters,
            }
        )
