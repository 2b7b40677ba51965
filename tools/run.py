"""Run one check with its ledger entry: opened before the provider is asked, closed with what came of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from tools.context import ToolContext
from tracking_core.db.engine import transaction
from tracking_core.models import ActionState, SetupActionLog
from tracking_core.secrets.codes import SecretCode
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.ledger import Check, close_check, open_check
from tracking_core.setup.outcome import Outcome

log = structlog.get_logger()


async def logged(
    context: ToolContext, check: Check, masked_input: dict[str, Any], work: Callable[[], Awaitable[Outcome]]
) -> SetupActionLog:
    """The closed ledger entry. A check that was already closed is not made again; a broken one is closed as ours."""
    async with transaction() as session:
        entry = await open_check(session, check, masked_input)
    if entry.state != ActionState.IN_FLIGHT:
        return entry
    outcome = await _attempted(context, check, work)
    async with transaction() as session:
        return await close_check(session, check, outcome)


async def _attempted(context: ToolContext, check: Check, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
    try:
        return await work()
    except SecretUnknown:
        return Outcome(is_success=False, code=SecretCode.UNKNOWN, reason="The reference opens no credential here.")
    except SecretStoreUnavailable as error:
        reason = f"The secret store failed: {error.failure}."
        return Outcome(is_success=False, code=SecretCode.STORE_UNAVAILABLE, reason=reason)
    except Exception as error:
        # A defect of ours must not cost the seller their turn; the trace stays in our log.
        log.exception("check_broke", action=check.action, setup_session_id=str(context.session_id))
        return Outcome(is_success=False, code=SetupCode.CHECK_FAILED, reason=type(error).__name__)
