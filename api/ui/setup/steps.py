"""The steps of the wizard, and how far each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus


class Step(StrEnum):
    BUSINESS = "business"
    GATEWAY = "gateway"
    META = "meta"
    PAGE = "page"
    REVIEW = "review"


_STAGES = {
    Step.GATEWAY: (Stage.GATEWAY,),
    Step.META: (Stage.META,),
    Step.PAGE: (Stage.URL,),
    Step.REVIEW: (Stage.CONFIGURATION, Stage.PROOF),
}
# The worst of several decides.
_ORDER = (
    StageStatus.ACTION_REQUIRED,
    StageStatus.WAITING,
    StageStatus.IN_PROGRESS,
    StageStatus.NOT_STARTED,
    StageStatus.VERIFIED,
)


@dataclass(frozen=True, slots=True)
class StepView:
    """``status`` is one of ``StageStatus``."""

    step: Step
    status: str
    is_current: bool


def steps_of(stages: Mapping[str, Any], current: Step, *, has_contact: bool) -> list[StepView]:
    return [StepView(step, _status(stages, step, has_contact), step is current) for step in Step]


def next_of(step: Step) -> Step | None:
    """None after the last."""
    following = list(Step)[list(Step).index(step) + 1 :]
    return following[0] if following else None


def first_open(stages: Mapping[str, Any], *, has_contact: bool) -> Step:
    """Where somebody who comes back goes on."""
    open_ones = (step for step in Step if _status(stages, step, has_contact) != StageStatus.VERIFIED)
    return next(open_ones, Step.REVIEW)


def _status(stages: Mapping[str, Any], step: Step, has_contact: bool) -> str:
    if step is Step.BUSINESS:
        return (StageStatus.VERIFIED if has_contact else StageStatus.NOT_STARTED).value
    return min((_seen(stages.get(one.value, {})) for one in _STAGES[step]), key=_ORDER.index).value


def _seen(stage: Mapping[str, Any]) -> StageStatus:
    """What asks for the seller without a reason has not failed: it waits for them, as a plan does."""
    status = StageStatus(stage.get("status", StageStatus.NOT_STARTED))
    return StageStatus.WAITING if status is StageStatus.ACTION_REQUIRED and not stage.get("code") else status
