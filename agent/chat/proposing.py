"""What a tool of the chat asks for becomes a typed intent in the setup's inbox; the setup graph does the work."""

from typing import Any
from uuid import UUID

import orjson
from sqlmodel import select

from agent.chat.context import ChatContext
from agent.chat.toolbox import ResultStatus, ToolResult
from agent.prompts.playbooks import playbook_of
from tracking_core.db.engine import after_commit, transaction
from tracking_core.kit.ids import stable_id
from tracking_core.models import IntentState, SecretKind, SetupIntent, SetupSession
from tracking_core.secrets.kept import kept_by, kept_for
from tracking_core.secrets.rows import reference_of
from tracking_core.setup.inbox import QUEUED_PER_SESSION, IntentKind, enqueue, require_room
from tracking_core.setup.meanings import describe

ACTOR = "agent:chat"
_FAILED_OUTCOMES = ("failed", "incomplete")


async def propose(context: ChatContext, kind: IntentKind, payload: dict[str, Any]) -> ToolResult:
    """Ask, wait a little, and say what came of it. The same wish in the same turn is the same intent, so that a turn
    that is run again asks for nothing twice. Raises InboxFull."""
    intent_id = await _asked(context, kind, payload)
    await context.wait(intent_id)
    async with transaction() as session:
        intent = (await session.scalars(select(SetupIntent).where(SetupIntent.id == intent_id))).one()
    return result_of(intent, context.locale)


async def newest_references(
    context: ChatContext, kinds: tuple[SecretKind, ...], gateway: str | None = None
) -> dict[SecretKind, str]:
    """By kind, the credential that was given last; for a gateway, of those that may be sent to it."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, context.session_id)
        kept = await (kept_for(session, owner, gateway) if gateway else kept_by(session, owner))
    return {kind: reference_of(kept[kind]) for kind in kinds if kind in kept}


def result_of(intent: SetupIntent, locale: str) -> ToolResult:
    """The intent in the form of a tool's result."""
    result, code = intent.result, intent.code
    if intent.state == IntentState.QUEUED:
        return ToolResult(status=ResultStatus.QUEUED)
    status = ResultStatus.REFUSED
    if intent.state == IntentState.DONE:
        is_failed = result.get("status") == "failed" or result.get("outcome") in _FAILED_OUTCOMES
        status = ResultStatus.FAILED if is_failed else ResultStatus.DONE
    said = ToolResult(status=status)
    if code is not None:
        _describe(said, code, result.get("params", {}), locale, is_failed=status is ResultStatus.FAILED)
    if outcome := result.get("outcome"):
        said["facts"] = {"outcome": outcome}
    return said


def refused(code: str, message: str, missing: list[str] | None = None) -> ToolResult:
    """What did not begin, with what it lacks. ``message`` is in the session's language."""
    said = ToolResult(status=ResultStatus.REFUSED, code=code, message=message)
    if missing:
        said["missing"] = missing
    return said


def _describe(said: ToolResult, code: str, params: dict[str, Any], locale: str, *, is_failed: bool) -> None:
    words = describe(code, params, locale)
    said["code"], said["message"] = code, words["message"]
    if "recommendation" in words:
        said["recommendation"] = words["recommendation"]
    if is_failed and (playbook := playbook_of(code, params, locale)):
        said["playbook"] = playbook.text()


async def _asked(context: ChatContext, kind: IntentKind, payload: dict[str, Any]) -> UUID:
    wish = stable_id(context.turn_id, kind, orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode())
    async with transaction() as session:
        owner = await session.get_one(SetupSession, context.session_id)
        intent, is_new = await enqueue(session, owner, kind, payload, actor=ACTOR, client_id=f"chat:{wish}")
        if is_new:
            await require_room(session, owner.id, QUEUED_PER_SESSION)
        after_commit(session, lambda: context.ring(context.session_id))
    return intent.id
