"""The test sale step by step, from the ledger: what each showed, how long it took, and what is wrong with a red one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tracking_core.i18n import translate
from tracking_core.models import ActionState, SetupActionLog
from tracking_core.proof.run import HOPS, Hop
from tracking_core.setup.meanings import describe
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus

_ACTION = "proof_"


class Light(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class HopView:
    """``facts`` are what the hop showed; ``explanation`` the reason in words and ``remedy`` what to do of a red one."""

    hop: Hop
    light: Light
    latency_ms: int | None = None
    message: str = ""
    explanation: str = ""
    remedy: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def hops_of(stages: Mapping[str, Any], entries: Sequence[SetupActionLog], locale: str) -> list[HopView]:
    """The newest test sale; none where there was none, or where what it proved was taken back."""
    status = {stage: stages.get(stage.value, {}).get("status", StageStatus.NOT_STARTED) for stage in Stage}
    is_applied_now = status[Stage.CONFIGURATION] == StageStatus.IN_PROGRESS
    is_running = status[Stage.PROOF] == StageStatus.IN_PROGRESS
    if status[Stage.PROOF] == StageStatus.NOT_STARTED and not is_applied_now:
        return []
    rows = {} if is_applied_now else _newest(stages, entries, is_running=is_running)
    views = [_view(hop, rows.get(hop), locale) for hop in HOPS]
    return _with_running(views) if is_running else views


def _with_running(views: list[HopView]) -> list[HopView]:
    """The first that is not there yet is the one at work."""
    shown = sum(one.light is not Light.PENDING for one in views)
    return [replace(one, light=Light.RUNNING) if number == shown else one for number, one in enumerate(views)]


def _newest(
    stages: Mapping[str, Any], entries: Sequence[SetupActionLog], *, is_running: bool
) -> dict[Hop, SetupActionLog]:
    """The hops of the sale that runs or ran last: what came before its first one is another's."""
    rows = [row for row in entries if row.action.startswith(_ACTION)]
    firsts = [row.started_at for row in rows if row.action == f"{_ACTION}{HOPS[0]}"]
    begun = [datetime.fromisoformat(stages[Stage.PROOF.value]["at"])] if is_running else firsts[-1:]
    return {Hop(row.action.removeprefix(_ACTION)): row for row in rows if begun and row.started_at >= begun[0]}


def _view(hop: Hop, row: SetupActionLog | None, locale: str) -> HopView:
    if row is None:
        return HopView(hop=hop, light=Light.PENDING)
    facts = row.output.get("facts", {})
    if row.state == ActionState.SUCCESS:
        return HopView(hop=hop, light=Light.GREEN, latency_ms=row.latency_ms, facts=facts)
    said = describe(row.code or "", row.output.get("params", {}), locale)
    return HopView(
        hop=hop,
        light=Light.RED,
        latency_ms=row.latency_ms,
        message=said["message"],
        explanation=translate(facts["explanation"], locale) if facts.get("explanation") else "",
        remedy=said.get("recommendation", ""),
        facts=facts,
    )
