"""The faults a test can order: what each is called, what it can be told, and when it is used up."""

from collections.abc import Set
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator


class Call(StrEnum):
    """What a fault plays at: the endpoint of the events, or one of the reads."""

    EVENTS = "events"
    DEBUG_TOKEN = "debug_token"  # noqa: S105 - a path
    PERMISSIONS = "permissions"
    DATASET = "dataset"


class FaultKind(StrEnum):
    HTTP_500 = "http_500"
    DEAD = "dead"
    GRAPH_500 = "graph_500"
    HTTP_429 = "http_429"
    GRAPH_THROTTLE = "graph_throttle"
    HTML = "html"
    CODE_190 = "code_190"
    CODE_100_33 = "code_100_33"
    POISON = "poison"
    TIMEOUT_BEFORE = "timeout_before"
    DISCONNECT_BEFORE = "disconnect_before"
    REDIRECT = "redirect"
    SLOW = "slow"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    DISCONNECT_AFTER_ACCEPT = "disconnect_after_accept"
    ZERO_RECEIVED = "zero_received"
    PARTIAL_RECEIVED = "partial_received"
    EMPTY_200 = "empty_200"
    GARBAGE = "garbage"
    SLOW_BODY = "slow_body"
    HUGE_BODY = "huge_body"
    OLD_VERSION = "old_version"

    @property
    def spoils_the_answer(self) -> bool:
        """The events are taken first; a request that is refused does not use the fault up."""
        return self in _SPOILING


_SPOILING = frozenset(
    {
        FaultKind.TIMEOUT_AFTER_ACCEPT,
        FaultKind.DISCONNECT_AFTER_ACCEPT,
        FaultKind.ZERO_RECEIVED,
        FaultKind.PARTIAL_RECEIVED,
        FaultKind.EMPTY_200,
        FaultKind.GARBAGE,
        FaultKind.SLOW_BODY,
        FaultKind.HUGE_BODY,
        FaultKind.OLD_VERSION,
    }
)
# Of what is about events, a read can have only the answers that nobody can read.
_UNREADABLE = frozenset({FaultKind.EMPTY_200, FaultKind.GARBAGE})

_HeaderText = Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
_Seconds = Annotated[float, Field(ge=0, le=600)]


class Params(BaseModel):
    """``code`` and ``subcode`` of errors; ``seconds`` of a timeout; ``delay_ms`` of ``slow`` and before each byte of
    ``slow_body``; ``megabytes`` of ``huge_body``; ``location`` of ``redirect`` (by default another path of the
    simulator); ``has_begun``: ``disconnect_after_accept`` cuts in the middle of the answer, not before it."""

    model_config = ConfigDict(extra="forbid")

    code: int | None = None
    subcode: int | None = None
    retry_after: int | float | _HeaderText = 1
    event_id: str | None = None
    seconds: _Seconds = 30.0
    delay_ms: Annotated[float, Field(ge=0, le=60_000)] = 100
    megabytes: Annotated[float, Field(gt=0, le=16)] = 4
    location: _HeaderText | None = None
    version: _HeaderText | None = None
    has_begun: bool = False


class Fault(BaseModel):
    """``times`` None plays until it is deleted; ``dataset_id`` None plays for every dataset.

    A read that names no dataset is of the one its token was registered with.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    call: Call = Call.EVENTS
    dataset_id: str | None = None
    times: PositiveInt | None = None
    params: Params = Params()

    @model_validator(mode="after")
    def _poison_names_its_event(self) -> "Fault":
        if self.kind is FaultKind.POISON and not self.params.event_id:
            raise ValueError("poison needs params.event_id")
        return self

    @model_validator(mode="after")
    def _fits_its_call(self) -> "Fault":
        is_about_events = self.kind is FaultKind.POISON or self.kind in _SPOILING - _UNREADABLE
        if self.call is not Call.EVENTS and is_about_events:
            raise ValueError("this kind is of the events endpoint alone")
        return self


class Faults:
    """Those ordered and not yet used up, in the order they came."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self, dataset_id: str | None) -> None:
        """Only those of one dataset, when one is named."""
        self._waiting = [fault for fault in self._waiting if dataset_id and fault.dataset_id != dataset_id]

    def names_events(self) -> bool:
        return any(fault.kind is FaultKind.POISON for fault in self._waiting)

    def first(self, call: Call, dataset_id: str | None, event_ids: Set[str] = frozenset()) -> Fault | None:
        for fault in self._waiting:
            is_meant = fault.call is call and fault.dataset_id in (None, dataset_id)
            if is_meant and (fault.kind is not FaultKind.POISON or fault.params.event_id in event_ids):
                return fault
        return None

    def use(self, fault: Fault) -> None:
        """It plays now; a counted one is gone after its last time."""
        if fault.times is None:
            return
        fault.times -= 1
        if not fault.times:
            self._waiting.remove(fault)
