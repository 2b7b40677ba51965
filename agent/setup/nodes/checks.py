"""Checks: they ask a provider and change nothing there. Each leaves its ledger entry, its stage and, when it went well,
the facts the plan is made from."""

from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime
from langgraph.types import Command

from agent import observed
from agent.setup.context import SetupContext
from agent.setup.nodes.applying import DIAGNOSE
from agent.setup.state import SetupState
from tools.inputs import GatewayCheck, LandingCheck, MetaCheck, Preferences
from tools.probe_landing_url import probe_landing_url
from tools.validate_gateway_credentials import validate_gateway_credentials
from tools.validate_meta_token import validate_meta_token
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import ActionState, SecretKind, SetupActionLog
from tracking_core.secrets import vault
from tracking_core.setup import projection
from tracking_core.setup.meanings import fault_of
from tracking_core.setup.outcome import Fault, Stage
from tracking_core.setup.projection import StageStatus

Update = Command[Any]


async def validate_gateway(state: SetupState, runtime: Runtime[SetupContext]) -> Update:
    intent = state["intent"]
    asked = GatewayCheck.model_validate(intent["payload"])
    await _begin(runtime.context, Stage.GATEWAY)
    with observed.tool(validate_gateway_credentials.__name__) as call:
        entry = await validate_gateway_credentials(runtime.context.tool, UUID(intent["id"]), asked)
        call.outcome = str(entry.state)
    given = asked.credentials
    secrets = {
        SecretKind.GATEWAY_CLIENT_ID: given.client_id,
        SecretKind.GATEWAY_CLIENT_SECRET: given.client_secret,
        SecretKind.GATEWAY_BASIC: given.basic,
    }
    facts = {
        "name": asked.gateway,
        "credentials": {kind.value: reference for kind, reference in secrets.items() if reference},
        "account_id": given.account_id,
        "webhook_secret_ref": asked.webhook_secret or _kept_webhook_secret(state, asked.gateway),
    }
    return await _end(runtime.context, state, Stage.GATEWAY, entry, facts, secrets)


async def validate_meta(state: SetupState, runtime: Runtime[SetupContext]) -> Update:
    intent = state["intent"]
    asked = MetaCheck.model_validate(intent["payload"])
    await _begin(runtime.context, Stage.META)
    with observed.tool(validate_meta_token.__name__) as call:
        entry = await validate_meta_token(runtime.context.tool, UUID(intent["id"]), asked)
        call.outcome = str(entry.state)
    found = entry.output.get("facts", {})
    facts = {
        "dataset_id": asked.dataset_id,
        "dataset_name": found.get("dataset_name") or "",
        "token_ref": asked.access_token,
        "app_secret_ref": asked.app_secret,
        "expires_at": found.get("expires_at"),
    }
    secrets = {SecretKind.META_ACCESS_TOKEN: asked.access_token, SecretKind.META_APP_SECRET: asked.app_secret}
    return await _end(runtime.context, state, Stage.META, entry, facts, secrets)


async def probe_landing(state: SetupState, runtime: Runtime[SetupContext]) -> Update:
    intent = state["intent"]
    asked = LandingCheck.model_validate(intent["payload"])
    await _begin(runtime.context, Stage.URL)
    dataset_id = state.get("facts", {}).get("meta", {}).get("dataset_id")
    with observed.tool(probe_landing_url.__name__) as call:
        entry = await probe_landing_url(runtime.context.tool, UUID(intent["id"]), asked, dataset_id=dataset_id)
        call.outcome = str(entry.state)
    found = entry.output.get("facts", {})
    facts = {
        "url": found.get("url") or asked.url,
        "final_url": found.get("final_url") or found.get("url") or asked.url,
        "script_present": bool(found.get("script", {}).get("present")),
    }
    return await _end(runtime.context, state, Stage.URL, entry, facts, {})


async def set_preferences(state: SetupState, runtime: Runtime[SetupContext]) -> Update:
    chosen = Preferences.model_validate(state["intent"]["payload"]).chosen()
    before = state.get("facts", {})
    facts = {**before, "preferences": {**before.get("preferences", {}), **chosen}}
    await _remember(runtime.context, facts)
    result = {"outcome": "done", "preferences": facts["preferences"]}
    return Command(goto=DIAGNOSE, update={"facts": facts, "result": result})


async def _begin(context: SetupContext, stage: Stage) -> None:
    async with transaction() as session:
        await projection.stage(session, context.tool.session_id, context.tool.fence, stage, StageStatus.IN_PROGRESS)


async def _end(
    context: SetupContext,
    state: SetupState,
    stage: Stage,
    entry: SetupActionLog,
    facts: dict[str, Any],
    secrets: dict[SecretKind, str | None],
) -> Update:
    """Project the outcome. A refusal that is the seller's to mend takes back what was known, of the same
    gateway; an outage does not."""
    is_success = entry.state == ActionState.SUCCESS
    status = _status_of(entry)
    known = dict(state.get("facts", {}))
    if is_success:
        checked = entry.finished_at.isoformat() if entry.finished_at else None
        known[stage.value] = {**facts, "checked_at": checked, "action_id": str(entry.id)}
    elif status is StageStatus.ACTION_REQUIRED and known.get(stage.value, {}).get("name") == facts.get("name"):
        known.pop(stage.value, None)
    await _project(context, stage, status, entry, known, secrets if is_success else {})
    result = {"action_id": str(entry.id), "status": str(entry.state), "params": entry.output.get("params", {})}
    if entry.code:
        result["code"] = str(entry.code)
    return Command(goto=DIAGNOSE, update={"facts": known, "result": result})


async def _project(
    context: SetupContext,
    stage: Stage,
    status: StageStatus,
    entry: SetupActionLog,
    facts: dict[str, Any],
    verified: dict[SecretKind, str | None],
) -> None:
    said = {name: entry.output.get(name) for name in ("params", "warnings", "facts") if entry.output.get(name)}
    tool = context.tool
    async with transaction() as session:
        for reference in verified.values():
            if reference:
                await vault.verify(session, reference, tenant_id=tool.tenant_id, actor=tool.actor, now=clock.now())
        await projection.stage(
            session, tool.session_id, tool.fence, stage, status, code=entry.code, action_id=str(entry.id), **said
        )
        await projection.facts(session, tool.session_id, tool.fence, facts)


async def _remember(context: SetupContext, facts: dict[str, Any]) -> None:
    async with transaction() as session:
        await projection.facts(session, context.tool.session_id, context.tool.fence, facts)


def _status_of(entry: SetupActionLog) -> StageStatus:
    if entry.state == ActionState.SUCCESS:
        return StageStatus.VERIFIED
    is_sellers = entry.code is not None and fault_of(entry.code) is Fault.SELLER
    return StageStatus.ACTION_REQUIRED if is_sellers else StageStatus.WAITING


def _kept_webhook_secret(state: SetupState, gateway: str) -> str | None:
    """Credentials entered again need not bring the webhook secret again."""
    known = state.get("facts", {}).get("gateway", {})
    return known.get("webhook_secret_ref") if known.get("name") == gateway else None
