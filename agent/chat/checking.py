"""The checks among the chat's tools: each value and each gateway is the seller's own, each credential the vault's."""

from typing import Any

from pydantic import BaseModel, ValidationError

from agent.chat.basic.slots import slots_of
from agent.chat.context import ChatContext
from agent.chat.grounding import is_said
from agent.chat.proposing import newest_references, propose, refused
from agent.chat.toolbox import CheckGateway, CheckMeta, CheckPage, Choose, ToolResult
from tools.inputs import GatewayCheck, LandingCheck, MetaCheck, Preferences
from tracking_core.destinations.meta_capi.check_codes import MetaCode
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.i18n import translate
from tracking_core.models import SecretKind
from tracking_core.setup.inbox import IntentKind

MISSING, NOT_SAID, NOT_VALID = "chat_missing", "chat_not_said", "chat_not_valid"
_MISSING = "Something is missing for this check: {what}."
_NOT_SAID = "This value does not stand in what the seller wrote. Ask for it."
_NOT_VALID = "This value does not have the right form. Ask for it again."
_NAMES = {
    SecretKind.GATEWAY_CLIENT_ID: "client ID",
    SecretKind.GATEWAY_CLIENT_SECRET: "client secret",
    SecretKind.META_ACCESS_TOKEN: "access token",
}
_GATEWAY_NEEDS = (SecretKind.GATEWAY_CLIENT_ID, SecretKind.GATEWAY_CLIENT_SECRET)
# Kiwify has no Basic, and signs with a secret that the hub makes.
_GATEWAY_TAKES = {
    "hotmart": (*_GATEWAY_NEEDS, SecretKind.GATEWAY_BASIC, SecretKind.WEBHOOK_SECRET),
    "kiwify": _GATEWAY_NEEDS,
}
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
    found = await _usable(context, _GATEWAY_TAKES[asked.gateway], asked.gateway)
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


async def _checked(
    context: ChatContext, kind: IntentKind, form: type[BaseModel], payload: dict[str, Any]
) -> ToolResult:
    """Proposed if the payload has the form that the setup graph will ask for."""
    try:
        checked = form.model_validate({name: value for name, value in payload.items() if value is not None})
    except ValidationError:
        return refused(NOT_VALID, translate(_NOT_VALID, context.locale))
    return await propose(context, kind, checked.model_dump(mode="json", exclude_unset=True))


async def _usable(
    context: ChatContext, kinds: tuple[SecretKind, ...], gateway: str | None = None
) -> dict[SecretKind, str]:
    """The newest of each kind, without an optional one that was just refused and has not been given anew."""
    found = await newest_references(context, kinds, gateway)
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


def _not_said(context: ChatContext) -> ToolResult:
    return refused(NOT_SAID, translate(_NOT_SAID, context.locale))


def _missing(context: ChatContext, kinds: list[SecretKind]) -> ToolResult:
    names = ", ".join(_NAMES[kind] for kind in kinds)
    message = translate(_MISSING, context.locale).format(what=names)
    return refused(MISSING, message, [kind.value for kind in kinds])
