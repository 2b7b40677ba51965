"""The tools of the chat: reads, and proposals that the setup graph carries out. None decides on a plan, none takes a
tenant, a session or a secret."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import orjson
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.runtime import get_runtime
from pydantic import BaseModel, ValidationError

from agent.chat.basic.intents import Intent, intent_of
from agent.chat.basic.slots import slots_of
from agent.chat.context import ChatContext
from agent.chat.grounding import is_said
from agent.chat.proposing import ACTOR, newest_references, propose, refused
from agent.chat.toolbox import (
    ARGUMENTS,
    CheckGateway,
    CheckMeta,
    CheckPage,
    Choose,
    Explain,
    ResultStatus,
    ToolName,
    ToolResult,
    Undo,
)
from agent.prompts.playbooks import playbook_of
from tools.inputs import GatewayCheck, LandingCheck, MetaCheck, Preferences
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.errors import HubError
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.codes import Reason
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import SecretKind, SessionState, SetupSession
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.meanings import all_meanings, describe

Handler = Callable[[ChatContext, Any], Awaitable[ToolResult]]
MISSING, NOT_SAID, NOT_VALID = "chat_missing", "chat_not_said", "chat_not_valid"
NOT_ASKED = "chat_not_asked"
_MISSING = "Something is missing for this check: {what}."
_NOT_SAID = "This value does not stand in what the seller wrote. Ask for it."
_NOT_ASKED = "The seller has not asked for this in so many words. Ask whether they want it."
_NOT_VALID = "This value does not have the right form. Ask for it again."
_NO_FAILURE = "There is no failure to explain: nothing has gone wrong."
_NAMES = {
    SecretKind.GATEWAY_CLIENT_ID: "client ID",
    SecretKind.GATEWAY_CLIENT_SECRET: "client secret",
    SecretKind.META_ACCESS_TOKEN: "access token",
}
_GATEWAY_NEEDS = (SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET)
_GATEWAY_TAKES = (*_GATEWAY_NEEDS, SecretKind.GATEWAY_BASIC, SecretKind.WEBHOOK_SECRET)
# After these, the check is made again without what the seller may leave out.
_REFUSED: dict[str, SecretKind] = {
    GatewayCode.BASIC_MISMATCH: SecretKind.GATEWAY_BASIC,
    MetaCode.APP_SECRET_WRONG: SecretKind.META_APP_SECRET,
}
_META_TAKES = (SecretKind.META_ACCESS_TOKEN, SecretKind.META_APP_SECRET)


async def check_gateway(context: ChatContext, asked: CheckGateway) -> ToolResult:
    if not _names_gateway(context, asked.gateway):
        return _not_said(context)
    # An account is Kiwify's; what a model puts there for another gateway is nothing.
    given = asked.account_id if asked.gateway == "kiwify" else None
    if given and not _is_known(context, given):
        return _not_said(context)
    account_id = given or (context.facts.account_id if context.facts.gateway == asked.gateway else None)
    found = await _usable(context, _GATEWAY_TAKES)
    if lacking := [kind for kind in _GATEWAY_NEEDS if kind not in found]:
        return _missing(context, lacking)
    credentials = {
        "client_id": found[SecretKind.GATEWAY_CLIENT_ID],
        "client_secret": found[SecretKind.GATEWAY_CLIENT_SECRET],
        "basic": found.get(SecretKind.GATEWAY_BASIC),
        "account_id": account_id,
    }
    payload = {
        "gateway": asked.gateway,
        "credentials": credentials,
        "webhook_secret": found.get(SecretKind.WEBHOOK_SECRET),
    }
    return await _checked(context, IntentKind.VALIDATE_GATEWAY, GatewayCheck, payload)


async def check_meta(context: ChatContext, asked: CheckMeta) -> ToolResult:
    if not _is_known(context, asked.dataset_id):
        return _not_said(context)
    found = await _usable(context, _META_TAKES)
    if SecretKind.META_ACCESS_TOKEN not in found:
        return _missing(context, [SecretKind.META_ACCESS_TOKEN])
    payload = {
        "dataset_id": asked.dataset_id,
        "access_token": found[SecretKind.META_ACCESS_TOKEN],
        "app_secret": found.get(SecretKind.META_APP_SECRET),
    }
    return await _checked(context, IntentKind.VALIDATE_META, MetaCheck, payload)


async def check_page(context: ChatContext, asked: CheckPage) -> ToolResult:
    if not _is_known(context, asked.url):
        return _not_said(context)
    url = asked.url if "://" in asked.url else f"https://{asked.url}"
    return await _checked(context, IntentKind.PROBE_LANDING, LandingCheck, {"url": url})


async def choose(context: ChatContext, asked: Choose) -> ToolResult:
    slots = [slots_of(text) for text in context.said]
    is_consent_said = asked.consent_mode is None or asked.consent_mode in {one.consent for one in slots}
    if not is_consent_said or (asked.test_event_code and not _is_known(context, asked.test_event_code)):
        return _not_said(context)
    chosen = asked.model_dump(exclude_none=True)
    return await _checked(context, IntentKind.SET_PREFERENCES, Preferences, chosen)


async def request_plan(context: ChatContext, _asked: BaseModel) -> ToolResult:
    return await propose(context, IntentKind.REQUEST_PLAN, {})


async def send_test_sale(context: ChatContext, _asked: BaseModel) -> ToolResult:
    """The one tool with an effect outside: only in the seller's own words."""
    if not _is_asked(context, Intent.ASK_TEST_SALE):
        return _not_asked(context)
    return await propose(context, IntentKind.PROVE, {})


async def undo(context: ChatContext, asked: Undo) -> ToolResult:
    """A plan like any other: it waits for the button. With nothing in use, no plan that waits must give way to it."""
    facts = context.facts
    if not _is_asked(context, Intent.ASK_UNDO):
        return _not_asked(context)
    if not facts.is_configured and facts.state != SessionState.FAILED:
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
        try:
            result = await handler(context, arguments.model_validate(given))
        except HubError as error:
            result = refused(error.code, translate(error.message, context.locale).format(**error.params))
        return orjson.dumps(result).decode()

    return StructuredTool.from_function(
        coroutine=run, name=name.value, description=arguments.__doc__ or "", args_schema=arguments
    )


async def _checked(
    context: ChatContext, kind: IntentKind, form: type[BaseModel], payload: dict[str, Any]
) -> ToolResult:
    """Proposed if the payload has the form that the setup graph will ask for."""
    try:
        checked = form.model_validate({name: value for name, value in payload.items() if value is not None})
    except ValidationError:
        return refused(NOT_VALID, translate(_NOT_VALID, context.locale))
    return await propose(context, kind, checked.model_dump(mode="json", exclude_unset=True))


async def _usable(context: ChatContext, kinds: tuple[SecretKind, ...]) -> dict[SecretKind, str]:
    """The newest of each kind, without an optional one that was just refused and has not been given anew."""
    found = await newest_references(context, kinds)
    failure = context.facts.failure
    refused_kind = _REFUSED.get(failure.code or "") if failure else None
    if refused_kind is not None and refused_kind not in context.given:
        found.pop(refused_kind, None)
    return found


def _is_known(context: ChatContext, value: str) -> bool:
    facts = context.facts
    known = {one for one in (facts.account_id, facts.dataset_id, facts.landing_url) if one}
    return value in known or is_said(value, context.said)


def _names_gateway(context: ChatContext, gateway: str) -> bool:
    """Whose credentials they are decides where they are sent: the seller's word or what was checked, no model's."""
    named = {slots.gateway or ("kiwify" if slots.account_id else None) for slots in map(slots_of, context.said)}
    return context.facts.gateway == gateway or gateway in named


def _is_asked(context: ChatContext, intent: Intent) -> bool:
    """In the message of this turn: what was read in a picture or on a page asks for nothing."""
    return intent_of(context.text) is intent


def _not_asked(context: ChatContext) -> ToolResult:
    return refused(NOT_ASKED, translate(_NOT_ASKED, context.locale))


def _not_said(context: ChatContext) -> ToolResult:
    return refused(NOT_SAID, translate(_NOT_SAID, context.locale))


def _missing(context: ChatContext, kinds: list[SecretKind]) -> ToolResult:
    names = ", ".join(_NAMES[kind] for kind in kinds)
    message = translate(_MISSING, context.locale).format(what=names)
    return refused(MISSING, message, [kind.value for kind in kinds])


def thread_of(session_id: UUID) -> str:
    return f"chat:{session_id}"
