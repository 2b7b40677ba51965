"""What a scenario left behind, read from the database and from the vendors: what evaluators judge."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from evals.agent.cast import Cast
from evals.agent.leaks import leaks
from evals.agent.sellers.browser import Browser, Decision
from evals.agent.state import State, state_of
from tracking_core.configuration.plan import Plan, render
from tracking_core.db.engine import transaction
from tracking_core.models import SetupActionLog, SetupApproval, SetupMessage, SetupTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Of the ledger."""

    action: str
    state: str
    code: str | None
    plan_hash: str | None

    @property
    def name(self) -> str:
        """As a scenario names it."""
        return f"{self.action}:{self.state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    role: str
    text: str
    code: str | None
    mode: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    state: str
    mode: str | None
    fallback: str | None
    calls: int
    input_tokens: int
    output_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``approvals`` are the states of the plans by hash and id, ``plans`` their lines. ``leaks`` say where a planted
    secret was found; ``misses`` what a recording had no answer to, ``unplayed`` how many of its answers nobody asked
    for; ``stuck`` at what the seller gave up."""

    state: State
    ledger: list[Entry]
    approvals: dict[str, str]
    plans: list[str]
    pressed: list[Decision]
    messages: list[Said]
    turns: list[Turn]
    leaks: list[str]
    stuck: str | None = None
    misses: list[str] = field(default_factory=list)
    unplayed: int = 0

    @property
    def told(self) -> str:
        """All that was said to the seller, and the plans they were shown."""
        return "\n".join([*(one.text for one in self.messages if one.role != "seller"), *self.plans])

    @property
    def calls(self) -> int:
        return sum(turn.calls for turn in self.turns)


async def evidence_of(
    browser: Browser,
    cast: Cast,
    *,
    locale: str,
    requests: list[str],
    stuck: str | None,
    misses: list[str],
    unplayed: int,
) -> Evidence:
    """``requests`` are the bodies that went to a model."""
    async with transaction() as session:
        approvals = await _approvals(session, browser.session_id)
        return Evidence(
            state=await state_of(session, browser, cast),
            ledger=await _ledger(session, browser.session_id),
            approvals={f"{row.plan_hash}:{row.id}": row.state for row in approvals},
            plans=[line for row in approvals for line in render(Plan.from_json(row.plan), locale)],
            pressed=browser.pressed,
            messages=await _messages(session, browser.session_id),
            turns=await _turns(session, browser.session_id),
            leaks=await leaks(session, cast, requests=requests, log=browser.world.log.getvalue()),
            stuck=stuck,
            misses=misses,
            unplayed=unplayed,
        )


async def _ledger(session: AsyncSession, session_id: UUID) -> list[Entry]:
    query = select(SetupActionLog).where(SetupActionLog.session_id == session_id)
    rows = await session.scalars(query.order_by(col(SetupActionLog.started_at), col(SetupActionLog.id)))
    return [Entry(action=row.action, state=row.state, code=row.code, plan_hash=row.plan_hash) for row in rows]


async def _approvals(session: AsyncSession, session_id: UUID) -> list[SetupApproval]:
    query = select(SetupApproval).where(SetupApproval.session_id == session_id)
    return list((await session.scalars(query.order_by(col(SetupApproval.requested_at)))).all())


async def _messages(session: AsyncSession, session_id: UUID) -> list[Said]:
    query = select(SetupMessage).where(SetupMessage.session_id == session_id)
    rows = await session.scalars(query.order_by(col(SetupMessage.created_at), col(SetupMessage.id)))
    return [Said(role=row.role, text=row.text, code=row.code, mode=row.mode) for row in rows]


async def _turns(session: AsyncSession, session_id: UUID) -> list[Turn]:
    query = select(SetupTurn).where(SetupTurn.session_id == session_id).order_by(col(SetupTurn.started_at))
    return [_turn(row) for row in await session.scalars(query)]


def _turn(row: SetupTurn) -> Turn:
    ended = row.finished_at or row.started_at
    return Turn(
        state=row.state,
        mode=row.mode,
        fallback=row.fallback,
        calls=row.calls,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        seconds=(ended - row.started_at).total_seconds(),
    )


def plan_hash_of(approval: str) -> str:
    return approval.partition(":")[0]


def summary(evidence: Evidence) -> dict[str, Any]:
    """Of what it cost."""
    return {
        "calls": evidence.calls,
        "input_tokens": sum(turn.input_tokens for turn in evidence.turns),
        "output_tokens": sum(turn.output_tokens for turn in evidence.turns),
        "turn_seconds": [round(turn.seconds, 3) for turn in evidence.turns],
        "fallbacks": sorted(turn.fallback for turn in evidence.turns if turn.fallback),
    }
