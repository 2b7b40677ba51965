"""The queue as the desk shows it: which cases, in which words, and a mark that changes when any of it does."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from api.ui.desk.clocks import SlaClock, lasting, moment, sla_clock
from api.ui.desk.words import CASE_STATES, word
from tracking_core.handoff import queue as cases
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.queue import Order
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.summary import LABELS
from tracking_core.i18n import translate
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.models import HandoffState, SetupHandoff
from tracking_core.setup.outcome import Stage

PAGE = 25


class Filter(StrEnum):
    """What is shown of the queue."""

    WAITING = "waiting"  # open or taken
    OPEN = "open"
    MINE = "mine"
    TAKEN = "taken"
    CLOSED = "closed"  # given back or resolved


FILTERS: dict[Filter, str] = {
    Filter.WAITING: "To do",
    Filter.OPEN: "Open cases",
    Filter.MINE: "Taken by me",
    Filter.TAKEN: "Taken cases",
    Filter.CLOSED: "Closed cases",
}
EMPTY: dict[Filter, str] = {
    Filter.WAITING: "Nobody waits for a person. New cases appear here by themselves.",
    Filter.OPEN: "No case waits to be taken.",
    Filter.MINE: "You have no case. Take one of the open ones.",
    Filter.TAKEN: "Nobody is working on a case.",
    Filter.CLOSED: "No case was closed yet.",
}
_STATES: dict[Filter, tuple[HandoffState, ...]] = {
    Filter.WAITING: LIVE,
    Filter.OPEN: (HandoffState.OPEN,),
    Filter.MINE: (HandoffState.TAKEN,),
    Filter.TAKEN: (HandoffState.TAKEN,),
    Filter.CLOSED: (HandoffState.RETURNED, HandoffState.RESOLVED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One case of the list. ``created_at`` is ISO 8601, ``age`` the time since, ``closed`` when it was, if it is."""

    id: str
    shop: str
    priority: str
    reason: str
    step: str
    state: str
    state_word: str
    owner: str | None
    clock: SlaClock
    created_at: str
    age: str
    closed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """``next`` is the id after which the next page begins; ``mark`` stands for all that is shown but the time."""

    rows: tuple[CaseRow, ...]
    next: str | None
    mark: str


async def queue_page(
    session: AsyncSession, shown: Filter, name: str, *, after: UUID | None, now: datetime, locale: str
) -> QueuePage:
    """The most pressing first; of the closed ones, what was closed last. Raises NotFound when there is no case
    ``after``."""
    found = await cases.queue(
        session,
        states=_STATES[shown],
        owner=name if shown is Filter.MINE else None,
        order=Order.CLOSED if shown is Filter.CLOSED else Order.DUE,
        limit=PAGE + 1,
        after=after,
        now=now,
    )
    items, has_more = found[:PAGE], len(found) > PAGE
    rows = tuple([await _row(session, one, now, locale) for one in items])
    return QueuePage(rows=rows, next=rows[-1].id if has_more else None, mark=_mark(rows, has_more, locale))


def _mark(rows: tuple[CaseRow, ...], has_more: bool, locale: str) -> str:
    """A digest of what is shown, without what counts by itself."""
    seen = [[*astuple(replace(row, age="", clock=replace(row.clock, words="")))] for row in rows]
    return sha256_bytes(orjson.dumps([locale, has_more, seen])).hex()[:16]


async def _row(session: AsyncSession, listed: Mapping[str, Any], now: datetime, locale: str) -> CaseRow:
    handoff = await session.get_one(SetupHandoff, UUID(listed["handoff_id"]))
    return CaseRow(
        id=listed["handoff_id"],
        shop=listed["tenant_name"],
        priority=listed["priority"],
        reason=translate(SENTENCES[Reason(listed["reason"])], locale),
        step=step_label(handoff, locale),
        state=listed["state"],
        state_word=word(CASE_STATES, listed["state"], locale),
        owner=listed["owner"],
        clock=sla_clock(listed, now, locale),
        created_at=listed["created_at"],
        age=lasting((now - datetime.fromisoformat(listed["created_at"])).total_seconds()),
        closed=moment(datetime.fromisoformat(listed["closed_at"]), now, locale) if listed["closed_at"] else "",
    )


def step_label(handoff: SetupHandoff, locale: str) -> str:
    """Where the setup stopped when the case was opened or last added to."""
    step = str(handoff.package.get("progress", {}).get("step", ""))
    return translate(LABELS[Stage(step)], locale) if step in LABELS else step
