"""What a notification tells, and how a try to send it ended."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The last two are ours: another channel of the same case did not deliver; a reply from this one reached nobody."""

    CREATED = "created"
    UPDATED = "updated"
    SELLER_SAID = "seller_said"
    BREACHED = "breached"
    CLOSED = "closed"
    CHANNEL_DEAD = "channel_dead"
    REPLY_REFUSED = "reply_refused"


class Channel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    CHATWOOT = "chatwoot"


class FailureKind(StrEnum):
    """``misconfigured`` is the operator's to mend and is tried again: the address, the key or a right is wrong there.
    ``permanent`` never becomes right by trying again."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class Sent:
    """``external`` is what the channel named it, added to what earlier notifications of the case know."""

    external: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """``error`` is a code with what the other side's number says, never its words: they may repeat a secret.
    ``external`` was learnt before the failure."""

    kind: FailureKind
    error: str
    retry_after_seconds: float | None = None
    external: dict[str, Any] = field(default_factory=dict)


Outcome = Sent | Failed
