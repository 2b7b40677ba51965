"""What the simulated model is to say, how it is to fail, and what it was asked."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_BODIES_KEPT = 1_000
_Seconds = Annotated[float, Field(ge=0, le=600)]


class FaultKind(StrEnum):
    """Nothing comes at all (``hang``), nothing after the headers or after two words (``hang_after_headers``,
    ``stall``); an answer that is none (``html``, ``no_choices``, ``garbage``, ``stream_error``, ``redirect``,
    ``huge``); one that ends too early (``reset`` before it, ``cut`` and ``short`` in it, ``short`` in good order); one
    that nobody can use (``bad_tool_json``, ``unknown_tool``, ``empty``). ``slow`` is steady, ``chatter`` goes on
    without saying anything. A refused connection is a port on which nothing listens."""

    HANG = "hang"
    HANG_AFTER_HEADERS = "hang_after_headers"
    STALL = "stall"
    STATUS = "status"
    HTML = "html"
    NO_CHOICES = "no_choices"
    GARBAGE = "garbage"
    STREAM_ERROR = "stream_error"
    REDIRECT = "redirect"
    HUGE = "huge"
    RESET = "reset"
    CUT = "cut"
    SHORT = "short"
    BAD_TOOL_JSON = "bad_tool_json"
    UNKNOWN_TOOL = "unknown_tool"
    EMPTY = "empty"
    SLOW = "slow"
    CHATTER = "chatter"


class Fault(BaseModel):
    """``times`` None plays until it is cleared. ``status``, ``code`` and ``retry_after`` are of ``status``;
    ``seconds`` pass between two words of ``slow`` and ``chatter``."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    times: Annotated[int, Field(ge=1)] | None = None
    status: Annotated[int, Field(ge=300, le=599)] = 500
    code: str = "simulated"
    message: str = "simulated"
    retry_after: str | None = None
    seconds: _Seconds = 0.05


class ToolCall(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    arguments: dict[str, Any] = {}


class Answer(BaseModel):
    """A text, or calls. ``finish`` None is what fits."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    calls: list[ToolCall] = []
    finish: Literal["stop", "length", "tool_calls", "content_filter"] | None = None


@dataclass
class State:
    """``answers`` are given in their order, ``usual`` when there is none; ``bodies`` are those of all requests,
    and ``asked`` is set by the first."""

    answers: deque[Answer] = field(default_factory=deque)
    usual: Answer = field(default_factory=lambda: Answer(text="Estou aqui para ajudar com a configuração."))
    faults: list[Fault] = field(default_factory=list)
    bodies: deque[str] = field(default_factory=lambda: deque(maxlen=_BODIES_KEPT))
    authorizations: deque[str] = field(default_factory=lambda: deque(maxlen=_BODIES_KEPT), repr=False)

    asked: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def say(self, *answers: str | Mapping[str, Any]) -> None:
        """Next: texts, or mappings of an ``Answer``."""
        self.answers.extend(_answer(one) for one in answers)

    def call(self, name: str, **arguments: Any) -> None:
        """Next: one tool."""
        self.say({"calls": [{"name": name, "arguments": arguments}]})

    def order(self, *faults: Fault | Mapping[str, Any]) -> None:
        self.faults.extend(Fault.model_validate(one) for one in faults)

    def clear(self) -> None:
        """Well again."""
        self.faults.clear()

    def reset(self) -> None:
        """As new."""
        vars(self).update(vars(State()))

    def fault(self) -> Fault | None:
        """The one that plays now; a counted one is gone after its last time."""
        if not self.faults:
            return None
        fault = self.faults[0]
        if fault.times is not None:
            fault.times -= 1
            if not fault.times:
                self.faults.pop(0)
        return fault

    def answer(self) -> Answer:
        return self.answers.popleft() if self.answers else self.usual


class Control(BaseModel):
    """The body of ``PUT /_control``: everything anew."""

    model_config = ConfigDict(extra="forbid")

    answers: Sequence[Answer] = ()
    usual: Answer | None = None
    faults: Sequence[Fault] = ()


def _answer(said: str | Mapping[str, Any]) -> Answer:
    return Answer(text=said) if isinstance(said, str) else Answer.model_validate(said)
