"""The last step: the plan that waits, how far an approved one is, the test sale, and what can be taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api import trail
from api.decisions import newest_approval
from api.ui.setup.plans import PlanView, plan_view
from api.ui.setup.proofs import HopView, hops_of
from api.ui.setup.steps import Step
from tracking_core.configuration import instructions
from tracking_core.configuration.ledger import applied
from tracking_core.configuration.undo import leftovers
from tracking_core.models import ApprovalState, SessionState, SetupSession
from tracking_core.setup.inbox import next_queued
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus
from tracking_core.webhooks.heard import owed

_CHECKED_IN = {Stage.GATEWAY: Step.GATEWAY, Stage.META: Step.META, Stage.URL: Step.PAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """The webhook that the seller has still to add in the gateway's panel: its address, and the steps. None once the
    gateway was heard of."""

    gateway: str
    url: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """``waiting`` is the plan to decide on, ``carried_out`` the one approved last; ``lacking`` the steps whose check is
    still to be done; ``left`` what could not be put back, each a list of sentences."""

    waiting: PlanView | None
    carried_out: PlanView | None
    hops: tuple[HopView, ...]
    by_hand: ByHand | None
    lacking: tuple[Step, ...]
    left: tuple[tuple[str, ...], ...]
    can_undo: bool
    is_working: bool
    is_done: bool

    @property
    def can_plan(self) -> bool:
        return not (self.waiting or self.lacking or self.is_working or self.is_done)


async def review_of(session: AsyncSession, setup: SetupSession, locale: str) -> ReviewView:
    entries = await trail.entries(session, setup.id)
    newest = await newest_approval(session, setup.id)
    shown = plan_view(newest, entries, locale) if newest else None
    left = await leftovers(session, setup.id)
    return ReviewView(
        waiting=shown if shown and shown.state == ApprovalState.PENDING else None,
        carried_out=shown if shown and shown.state == ApprovalState.APPROVED else None,
        hops=tuple(hops_of(setup.stages, entries, locale)),
        by_hand=await _by_hand(session, setup, locale),
        lacking=_lacking(setup.stages),
        left=tuple(dict.fromkeys(tuple(one.told(locale)) for one in left)),
        can_undo=bool(await applied(session, setup.id)),
        is_working=await is_working(session, setup),
        is_done=setup.state == SessionState.DONE,
    )


async def is_working(session: AsyncSession, setup: SetupSession) -> bool:
    return setup.state == SessionState.WORKING or await next_queued(session, setup.id) is not None


def _lacking(stages: Mapping[str, Any]) -> tuple[Step, ...]:
    status = {stage: stages.get(stage.value, {}).get("status") for stage in _CHECKED_IN}
    return tuple(step for stage, step in _CHECKED_IN.items() if status[stage] != StageStatus.VERIFIED)


async def _by_hand(session: AsyncSession, setup: SetupSession, locale: str) -> ByHand | None:
    due = (await owed(session, [setup.id])).get(setup.id)
    if due is None:
        return None
    steps = tuple(instructions.adding(due.gateway, due.url, locale))
    return ByHand(gateway=due.gateway.title(), url=due.url, steps=steps)
