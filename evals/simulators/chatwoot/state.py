"""What one Chatwoot account holds, and the faults that tests order."""

import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_KEPT_REQUESTS = 1_000
Status = Literal["open", "resolved", "pending", "snoozed"]


class Account(BaseModel):
    """``role`` is that of the user the token belongs to: an ``agent`` who opens a conversation becomes its assignee.
    ``has_bot``: a bot is at work in the inbox, so that new conversations are pending. ``webhook_url`` gets every event.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    id: int = 1
    inbox_id: int = 1
    token: Annotated[str, Field(min_length=1, max_length=200, repr=False)] = "demo-chatwoot-token"  # noqa: S105
    user_id: int = 1
    user_name: str = "Hub"
    role: Literal["agent", "administrator"] = "administrator"
    has_bot: bool = False
    webhook_url: Annotated[str, Field(repr=False)] = ""


class FaultKind(StrEnum):
    """``drop_before`` ends the connection without an answer and without an effect, ``drop_after`` once it was done.
    ``slow`` does what was asked after ``seconds``."""

    STATUS = "status"
    THROTTLED = "throttled"
    SLOW = "slow"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"


class Fault(BaseModel):
    """Plays for the next ``times`` calls whose method and path fit; ``path`` is how the path ends, empty for all.

    ``wait_seconds`` is what ``throttled`` asks for in ``Retry-After``.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    method: Literal["", "GET", "POST"] = ""
    path: str = ""
    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    status: Annotated[int, Field(ge=400, le=599)] = 500
    seconds: Annotated[float, Field(ge=0, le=30)] = 5.0
    wait_seconds: Annotated[int, Field(ge=0, le=86_400)] = 7


@dataclass
class Contact:
    id: int
    name: str
    identifier: str | None = None
    email: str | None = None
    phone_number: str | None = None
    custom_attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Message:
    """``message_type`` as in Chatwoot's enum: incoming 0, outgoing 1."""

    id: int
    conversation_id: int
    content: str | None
    message_type: int
    private: bool
    source_id: str | None
    sender: dict[str, Any]


@dataclass
class Conversation:
    id: int
    contact_id: int
    source_id: str
    status: Status
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    priority: str | None = None
    labels: list[str] = field(default_factory=list)
    assignee: dict[str, Any] | None = None


@dataclass
class State:
    account: Account = field(default_factory=Account)
    contacts: list[Contact] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_REQUESTS))
    counts: Counter[str] = field(default_factory=Counter)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def reset(self) -> None:
        vars(self).update(vars(State()))

    def note(self, method: str, route: str) -> None:
        self.requests.append(f"{method} {route}")
        self.counts[f"{method} {route}"] += 1

    def fault(self, method: str, path: str) -> Fault | None:
        """The first that fits, used once."""
        for fault in self.faults:
            if fault.method in ("", method) and path.endswith(fault.path):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def contact(self, contact_id: object) -> Contact | None:
        return next((one for one in self.contacts if one.id == contact_id), None)

    def conversation(self, conversation_id: object) -> Conversation | None:
        return next((one for one in self.conversations if one.id == conversation_id), None)
