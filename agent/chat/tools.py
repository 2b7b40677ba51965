"""The tools of the chat: reads, and proposals that the setup graph carries out. None decides on a plan, none takes a
tenant, a session or a secret."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.runtime import get_runtime
from pydantic import BaseModel

from agent import observed
from agent.chat.basic.intents import Intent, intent_of
from agent.chat.checking import check_gateway, check_meta, check_page, choose
from agent.chat.context import ChatContext
from agent.chat.proposing import ACTOR, propose, refused
from agent.chat.toolbox import (
    ARGUMENTS,
    Explain,
    ResultStatus,
    ToolName,
    ToolResult,
    Undo,
)
from agent.prompts.playbooks import playbook_of
from tracking_core.configuration.ledger import applied
from tracking_core.db.engine import transaction
from tracking_core.errors import HubError
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import SetupSession
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.meanings import all_meanings, describe

Handler = Callable[[ChatContext, Any], Awaitable[ToolResult]]
NOT_ASKED = "chat_not_asked"
_NOT_ASKED = "The seller has not asked for this in so many words. Ask whether they want it."
_NO_FAILURE = "There is no failure to explain: nothing has gone wrong."


async def request_plan(context: ChatContext, _asked: BaseModel) -> ToolResult:
    return await propose(context, IntentKind.REQUEST_PLAN, {})


async def send_test_sale(context: ChatContext, _asked: BaseModel) -> ToolResult:
    """The one tool with an effect outside: only in the seller's own words."""
    if not _is_asked(context, Intent.ASK_TEST_SALE):
        return _not_asked(context)
    return await propose(context, IntentKind.PROVE, {})


async def undo(context: ChatContext, asked: Undo) -> ToolResult:
    """A plan like any other: it waits for the button. With nothing done, no plan that waits must give way to it."""
    if not _is_asked(context, Intent.ASK_UNDO):
        return _not_asked(context)
    async with transaction() as session:
        done = await applied(session, context.session_id)
    if not done:
        said = describe(SetupCode.NOTHING_TO_UNDO, {}, context.locale)
        return refused(said["code"], said["message"])
    return await propose(context, IntentKind.ROLLBACK, {"scope": asked.scope})


async def explain(context: ChatContext, asked: Explain) -> ToolResult:
    failure = context.facts.failure
    code = asked.code if asked.code in all_meanings() else (failure.code if failure else None)
    params = failure.params if failure and failure.code == code else {}
    playbook = playbook_of(code, params, context.locale) if code else None
    if code is None or playbook is None:
        return ToolResult(status=ResultStatus.DONE, message=translate(_NO_FAILURE, context.locale))
    return ToolResult(status=ResultStatus.FAILED, code=code, playbook=playbook.text())


async def read_status(context: ChatContext, _asked: BaseModel) -> ToolResult:
    facts = await context.read_facts()
    stages = {one.stage: one.status for one in facts.stages}
    due = [one["message"] for one in facts.due]
    return ToolResult(status=ResultStatus.DONE, facts={"percent": facts.percent, "stages": stages, "due": due})


async def call_person(context: ChatContext, _asked: BaseModel) -> ToolResult:
    """At once: no queue stands between a seller and a person."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, context.session_id)
        await handoffs.open_(
            session,
            owner,
            reason=Reason.USER_REQUESTED,
            step=None,
            code=None,
            actor=ACTOR,
            now=clock.now(),
            settings=context.settings,
            prompt=context.prompt,
        )
    return ToolResult(status=ResultStatus.DONE)


HANDLERS: dict[ToolName, Handler] = {
    ToolName.CHECK_GATEWAY: check_gateway,
    ToolName.CHECK_META: check_meta,
    ToolName.CHECK_PAGE: check_page,
    ToolName.CHOOSE: choose,
    ToolName.REQUEST_PLAN: request_plan,
    ToolName.SEND_TEST_SALE: send_test_sale,
    ToolName.UNDO: undo,
    ToolName.EXPLAIN: explain,
    ToolName.READ_STATUS: read_status,
    ToolName.CALL_PERSON: call_person,
}


def toolbox() -> list[BaseTool]:
    """Every tool, each answering with the JSON of a ``ToolResult``."""
    return [_tool(name, HANDLERS[name]) for name in ToolName]


def _tool(name: ToolName, handler: Handler) -> BaseTool:
    arguments = ARGUMENTS[name]

    async def run(**given: Any) -> str:
        context = get_runtime(ChatContext).context
        with observed.tool(name.value) as call:
            try:
                result = await handler(context, arguments.model_validate(given))
            except HubError as error:
                result = refused(error.code, translate(error.message, context.locale).format(**error.params))
            call.outcome = result["status"]
        return orjson.dumps(result).decode()

    return StructuredTool.from_function(
        coroutine=run, name=name.value, description=arguments.__doc__ or "", args_schema=arguments
    )


def _is_asked(context: ChatContext, intent: Intent) -> bool:
    """In the message of this turn: what was read in a picture or on a page asks for nothing."""
    return intent_of(context.text) is intent


def _not_asked(context: ChatContext) -> ToolResult:
    return refused(NOT_ASKED, translate(_NOT_ASKED, context.locale))


def thread_of(session_id: UUID) -> str:
    return f"chat:{session_id}"
