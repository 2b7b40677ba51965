"""The row of a check that was carried out, as a tool gives it back."""

from typing import Any
from uuid import UUID

from tracking_core.kit import clock
from tracking_core.models import ActionState, SetupActionLog


def done(
    context: Any, intent_id: UUID, action: str, code: str, *, is_taken: bool, facts: dict[str, Any] | None = None
) -> SetupActionLog:
    """``context`` is the tool's."""
    return SetupActionLog(
        id=intent_id,
        session_id=context.session_id,
        tenant_id=context.tenant_id,
        action=action,
        idem=f"check:{intent_id}",
        actor=context.actor,
        fence=context.fence,
        state=ActionState.SUCCESS if is_taken else ActionState.FAILED,
        code=code,
        output={"facts": facts} if facts else {},
        finished_at=clock.now(),
    )
