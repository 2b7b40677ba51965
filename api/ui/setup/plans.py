"""A plan as a person reads it before deciding, and how far its application is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tracking_core.configuration.actions import render_line
from tracking_core.configuration.plan import Action, ActionName, Plan
from tracking_core.models import ActionState, SetupActionLog, SetupApproval
from tracking_core.setup.meanings import describe


class Where(StrEnum):
    """Where an action takes effect."""

    HUB = "hub"
    OUTSIDE = "outside"
    BY_HAND = "by_hand"


class Progress(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


_PROGRESS = {
    ActionState.IN_FLIGHT: Progress.RUNNING,
    ActionState.SUCCESS: Progress.DONE,
    ActionState.FAILED: Progress.FAILED,
    ActionState.UNDONE: Progress.UNDONE,
    ActionState.UNDO_FAILED: Progress.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One action: its sentence, how it is undone, its risk, and what came of it."""

    sentence: str
    where: Where
    undo: str
    risk: str
    progress: Progress = Progress.PENDING
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """``about`` says whose sales and which page; ``proof`` what the test sale costs."""

    kind: str
    hash: str
    state: str
    about: tuple[str, ...]
    items: tuple[Item, ...]
    proof: str
    expires_at: str

    @property
    def groups(self) -> list[tuple[Where, list[Item]]]:
        """Those that have anything, in this order."""
        found = [(where, [one for one in self.items if one.where is where]) for where in Where]
        return [group for group in found if group[1]]


def plan_view(approval: SetupApproval, entries: Sequence[SetupActionLog], locale: str) -> PlanView:
    """Every sentence is the plan's own. The lines of a plan that configures are about it, one for each action, and one
    for the test sale; other plans have none of the last."""
    plan = Plan.from_json(approval.plan)
    lines = [render_line(line, locale) for line in plan.diff]
    proof = lines.pop() if plan.kind == "configure" else ""
    first = len(lines) - len(plan.actions)
    rows = {row.position: row for row in entries if row.plan_hash == plan.hash}
    items = [
        _item(action, lines[first + number], rows.get(number), locale) for number, action in enumerate(plan.actions)
    ]
    return PlanView(
        kind=plan.kind,
        hash=plan.hash,
        state=approval.state,
        about=tuple(lines[:first]),
        items=tuple(items),
        proof=proof,
        expires_at=approval.expires_at.isoformat(),
    )


def _item(action: Action, sentence: str, row: SetupActionLog | None, locale: str) -> Item:
    progress = _PROGRESS[ActionState(row.state)] if row else Progress.PENDING
    problem = describe(row.code, row.output.get("params", {}), locale)["message"] if row and row.code else ""
    return Item(
        sentence=sentence,
        where=_where(action),
        undo=action.undo_kind.value,
        risk=action.risk.value,
        progress=progress,
        problem=problem if progress is Progress.FAILED else "",
    )


def _where(action: Action) -> Where:
    if action.name is ActionName.WEBHOOK_INSTRUCTIONS:
        return Where.BY_HAND
    return Where.OUTSIDE if action.is_external else Where.HUB
