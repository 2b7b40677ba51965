"""An objective as one tenant has it, or the hub: its numbers with their bounds, its budget, what is broken now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.alerts.budgets import Budget, budgets
from tracking_core.alerts.listing import AlertView, open_alerts
from tracking_core.alerts.registry import OBJECTIVES, Code, Objective, Reach
from tracking_core.alerts.thresholds import Thresholds, load
from tracking_core.audit.service import record
from tracking_core.db import bulk
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ObjectiveSetting, Severity
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import Sentence
from tracking_core.tenants.lookup import get

_LEAST, _MOST = "This must be {ge} or more.", "This must be {le} or less."
_UNKNOWN, _WHOLE = "This field is not known.", "This must be a whole number."
NOT_FINITE = "This must be a number."


class ObjectiveChange(BaseModel):
    """What to set. A number that is null goes back to the default; what is not named stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    enabled: bool | None = None
    numbers: dict[str, float | None] = Field(default={}, max_length=10)


@dataclass(frozen=True, slots=True)
class NumberView:
    """Both bounds are allowed."""

    value: float
    default: float
    least: float
    most: float
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveView:
    """``budget`` None: it is no ratio. ``open`` are its alerts that are open in the scope."""

    code: Code
    tenant_id: UUID | None
    promise: Sentence
    advice: Sentence
    severity: Severity
    reach: Reach
    is_enabled: bool
    numbers: Mapping[str, NumberView]
    budget: Budget | None
    open: tuple[AlertView, ...]


async def objectives(session: AsyncSession, scope: Scope, now: datetime) -> list[ObjectiveView]:
    """A tenant's, or for ``EVERYONE`` the hub's own; in the registry's order."""
    is_hub = scope.tenant_id is None
    thresholds = await load(session)
    by_code = {one.objective: one for one in await budgets(session, scope, now)}
    open_ = [one for one in await open_alerts(session, scope) if one.tenant_id == scope.tenant_id]
    known = [one for one in OBJECTIVES.values() if (one.is_of_hub if is_hub else one.is_of_tenants)]
    return [
        _view(one, scope.tenant_id, thresholds, by_code.get(one.code), [it for it in open_ if it.objective == one.code])
        for one in known
    ]


async def set_objective(
    session: AsyncSession, tenant_id: UUID | None, code: str, wanted: ObjectiveChange, *, actor: str, now: datetime
) -> ObjectiveView:
    """Set a tenant's thresholds, or with None the hub's own. Raises NotFound for an objective that is not theirs, and
    InvalidRequest for numbers out of bounds. The audit has the old and the new value of each."""
    objective = _known(code, tenant_id)
    if tenant_id is not None:
        await get(session, tenant_id)
    _check(objective, wanted)
    row = await _row(session, tenant_id, objective.code, actor)
    before = {"enabled": row.enabled, **row.overrides}
    merged = {**row.overrides, **wanted.numbers}
    defaults = {name: number.default for name, number in objective.numbers.items()}
    row.overrides = {name: value for name, value in merged.items() if value is not None and value != defaults[name]}
    row.enabled = row.enabled if wanted.enabled is None else wanted.enabled
    row.updated_at, row.updated_by = now, actor
    _audit(session, objective, tenant_id, actor, before, {"enabled": row.enabled, **row.overrides})
    await session.flush()
    scope = EVERYONE if tenant_id is None else Scope(tenant_id)
    return next(one for one in await objectives(session, scope, now) if one.code == objective.code)


def _known(code: str, tenant_id: UUID | None) -> Objective:
    objective = OBJECTIVES.get(Code(code)) if code in set(Code) else None
    if objective is None or not (objective.is_of_hub if tenant_id is None else objective.is_of_tenants):
        raise NotFound(what="objective")
    return objective


def _check(objective: Objective, wanted: ObjectiveChange) -> None:
    problems = [found for name, value in wanted.numbers.items() if (found := _problem(objective, name, value))]
    if problems:
        raise InvalidRequest(problems)


def _problem(objective: Objective, name: str, value: float | None) -> dict[str, str] | None:
    """As the edge tells a wrong field."""
    field, number = f"numbers.{name}"[:80], objective.numbers.get(name)
    if number is None:
        return {"field": field, "code": "extra_forbidden", "message": _UNKNOWN}
    if value is None:
        return None
    if not value < float("inf") or value != value:
        return {"field": field, "code": "finite_number", "message": NOT_FINITE}
    if value < number.least:
        return {"field": field, "code": "greater_than_equal", "message": _LEAST, "ge": f"{number.least:g}"}
    if value > number.most:
        return {"field": field, "code": "less_than_equal", "message": _MOST, "le": f"{number.most:g}"}
    if number.is_whole and value != int(value):
        return {"field": field, "code": "int_from_float", "message": _WHOLE}
    return None


async def _row(session: AsyncSession, tenant_id: UUID | None, code: Code, actor: str) -> ObjectiveSetting:
    """Locked; made where there is none."""
    stub: dict[str, Any] = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "objective": code.value,
        "overrides": {},
        "enabled": True,
    }
    await bulk.insert(session, ObjectiveSetting, [{**stub, "updated_by": actor, "updated_at": clock.now()}])
    query = select(ObjectiveSetting).where(
        ObjectiveSetting.tenant_id == tenant_id, ObjectiveSetting.objective == code.value
    )
    return (await session.scalars(query.with_for_update())).one()


def _audit(
    session: AsyncSession,
    objective: Objective,
    tenant_id: UUID | None,
    actor: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
) -> None:
    names = {name for name in (*before, *after) if before.get(name) != after.get(name)}
    changes = {name: {"old": before.get(name), "new": after.get(name)} for name in sorted(names)}
    if changes:
        subject = objective.code.value
        record(session, actor=actor, action="objective.changed", subject=subject, tenant_id=tenant_id, **changes)


def _view(
    objective: Objective, tenant_id: UUID | None, thresholds: Thresholds, budget: Budget | None, open_: list[AlertView]
) -> ObjectiveView:
    limits = thresholds.of(objective.code, tenant_id)
    numbers = {
        name: NumberView(limits[name], number.default, number.least, number.most, number.is_whole)
        for name, number in objective.numbers.items()
    }
    return ObjectiveView(
        code=objective.code,
        tenant_id=tenant_id,
        promise=Sentence(objective.promise),
        advice=Sentence(objective.advice),
        severity=objective.severity,
        reach=objective.reach,
        is_enabled=limits.is_enabled,
        numbers=numbers,
        budget=budget,
        open=tuple(open_),
    )
