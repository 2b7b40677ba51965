"""Plans that take back: the last action, all of a session's, or to an older version. Approved and applied like any."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration import undo_lines
from tracking_core.configuration.actions import Action, ActionName, Line, Plan, Risk, UndoKind
from tracking_core.configuration.current import Current, read_current
from tracking_core.configuration.ledger import applied
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.steps import to_version
from tracking_core.configuration.versions import get_version
from tracking_core.errors import NotFound
from tracking_core.models import SetupActionLog

Scope = Literal["last", "all", "version"]
_AT_GATEWAY = {ActionName.REGISTER_WEBHOOK, ActionName.UNREGISTER_WEBHOOK}


async def rollback_plan(
    session: AsyncSession, *, session_id: UUID, tenant_id: UUID, scope: Scope, version: int | None = None
) -> Plan:
    """The plan for the scope; an empty one says there is nothing to take back. Raises NotFound (no such version)."""
    current = await read_current(session, tenant_id)
    if scope == "version":
        if version is None:
            raise NotFound(what="configuration version")
        target = Spec.from_json((await get_version(session, tenant_id, version)).spec)
        return plan_to_version(version, target, current)
    rows = await applied(session, session_id)
    return plan_to_undo(rows[:1] if scope == "last" else rows, current)


def plan_to_version(version: int, target: Spec, current: Current) -> Plan:
    """Pure: the tenant's configuration made equal to that version's."""
    actions, diff = to_version(version, target, current)
    return Plan(kind="rollback", tenant_id=current.tenant_id, generation=current.generation, actions=actions, diff=diff)


def plan_to_undo(newest_first: Sequence[SetupActionLog], current: Current) -> Plan:
    """Pure: the rows undone in this order. Rows are of actions that are not undone yet."""
    actions = tuple(_undo(row) for row in newest_first)
    diff: tuple[Line, ...] = tuple(undo_lines.of(row) for row in newest_first)
    return Plan(
        kind="rollback",
        tenant_id=current.tenant_id,
        generation=current.generation,
        actions=actions,
        diff=diff or (undo_lines.NOTHING,),
    )


def _undo(row: SetupActionLog) -> Action:
    params: dict[str, Any] = {"log_id": str(row.id), "action": row.action}
    return Action(
        key=f"{ActionName.UNDO}:{row.id}",
        name=ActionName.UNDO,
        params=params,
        is_external=row.action in _AT_GATEWAY,
        undo_kind=UndoKind.NONE,
        risk=Risk.MEDIUM,
        preconditions={"state": row.state},
    )
