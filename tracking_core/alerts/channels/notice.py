"""One alert as it is told to one channel, in the language that is read there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Event(StrEnum):
    OPENED = "opened"
    RECOVERED = "recovered"
    REMINDER = "reminder"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``id`` is the message's, the same at every try; ``thread`` the alert's, the same for all that is told of it.

    ``title`` is one line. ``said`` are sentences: what happened, since when. ``numbers`` are pairs of a name and a
    value; ``todo`` is what to do. ``data`` is the same for machines: codes, numbers and ISO times.
    """

    id: UUID
    thread: UUID
    event: Event
    is_urgent: bool
    locale: str
    title: str
    said: Sequence[str]
    numbers: Sequence[tuple[str, str]]
    todo: Sequence[str]
    todo_title: str
    link: str
    link_title: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
