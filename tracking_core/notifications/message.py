"""One notification with all that its text is made from."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tracking_core.notifications.kinds import Channel, Kind


async def _forget(_external: Mapping[str, Any]) -> None:
    """Outside a drain nobody keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``notes`` are the case's up to what this one tells, newest last. ``contact`` reaches the seller (``name``,
    ``email``, ``phone``). ``external`` is what the channel named this case so far. ``is_first``: nothing of this case
    has arrived over this channel yet, so it tells the whole. ``attempts`` counts this one.

    ``failing`` (``channel``, ``error``, ``is_dead``) is what ``Kind.CHANNEL_DEAD`` tells. ``remember`` keeps what the
    channel named the case before the rest is done. ``repr`` shows no person.
    """

    id: UUID
    channel: Channel
    kind: Kind
    attempts: int
    created_at: datetime
    handoff_id: UUID
    session_id: UUID
    tenant_id: UUID
    tenant_name: str
    state: str
    reason: str
    priority: str
    due_at: datetime
    package_version: int
    package: Mapping[str, Any] = field(repr=False)
    notes: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    contact: Mapping[str, str] = field(default_factory=dict, repr=False)
    external: Mapping[str, Any] = field(default_factory=dict)
    is_first: bool = True
    failing: Mapping[str, Any] = field(default_factory=dict)
    remember: Callable[[Mapping[str, Any]], Awaitable[None]] = field(default=_forget, repr=False)
