"""``POST /api/v1/setup/sessions/{id}/actions/...``: the checks. A secret sent inline is in the vault before the intent
is in the inbox, and the answer waits for the worker that makes the check."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.credentials import Secret, given
from api.deps import CallerDep, SessionDep, TenantDep
from api.inbox import IdempotencyKey, Wish, ask
from api.routes.setup_sessions import language
from api.routes.setup_sessions import router as sessions_router
from tools.inputs import AccountId, DatasetId, LandingUrl, Preferences
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import ActionState, IntentState, SecretKind, SetupActionLog, SetupIntent, SetupSession
from tracking_core.setup import sessions
from tracking_core.setup.answers import answer_of
from tracking_core.setup.codes import SetupCode
from tracking_core.setup.inbox import IntentKind
from tracking_core.setup.meanings import describe

router = APIRouter(prefix=sessions_router.prefix, tags=["setup"])
_CHECKS = (IntentKind.VALIDATE_GATEWAY, IntentKind.VALIDATE_META, IntentKind.PROBE_LANDING)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class GatewayCredentialsGiven(_Body):
    client_id: Secret = Field(repr=False)
    client_secret: Secret = Field(repr=False)
    basic: Secret | None = Field(default=None, repr=False)
    account_id: AccountId | None = None


class ValidateGateway(_Body):
    gateway: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    credentials: GatewayCredentialsGiven
    webhook_secret: Secret | None = Field(default=None, repr=False)


class ValidateMeta(_Body):
    dataset_id: DatasetId
    access_token: Secret = Field(repr=False)
    app_secret: Secret | None = Field(default=None, repr=False)


class ProbeLanding(_Body):
    url: LandingUrl


@router.post("/{session_id}/actions/validate_gateway_credentials")
async def validate_gateway_credentials(
    session_id: UUID,
    asked: ValidateGateway,
    request: Request,
    response: Response,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Ask the gateway itself whether these credentials work and may do what the hub needs."""

    sent = asked.credentials
    payload = {
        "gateway": asked.gateway,
        "credentials": {
            "client_id": given(SecretKind.GATEWAY_CLIENT_ID, sent.client_id),
            "client_secret": given(SecretKind.GATEWAY_CLIENT_SECRET, sent.client_secret),
            "basic": given(SecretKind.GATEWAY_BASIC, sent.basic),
            "account_id": sent.account_id,
        },
        "webhook_secret": given(SecretKind.WEBHOOK_SECRET, asked.webhook_secret),
    }
    wish = Wish(kind=IntentKind.VALIDATE_GATEWAY, payload=payload, body=asked, key=idempotency_key)
    intent = await ask(request, caller, session_id, wish)
    return await _answered(request, response, intent)


@router.post("/{session_id}/actions/validate_meta_token")
async def validate_meta_token(
    session_id: UUID,
    asked: ValidateMeta,
    request: Request,
    response: Response,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Ask Meta whether the token lives and may send events to the dataset; nothing is stored there."""

    payload = {
        "dataset_id": asked.dataset_id,
        "access_token": given(SecretKind.META_ACCESS_TOKEN, asked.access_token),
        "app_secret": given(SecretKind.META_APP_SECRET, asked.app_secret),
    }
    wish = Wish(kind=IntentKind.VALIDATE_META, payload=payload, body=asked, key=idempotency_key)
    intent = await ask(request, caller, session_id, wish)
    return await _answered(request, response, intent)


@router.post("/{session_id}/actions/probe_landing_url")
async def probe_landing_url(
    session_id: UUID,
    asked: ProbeLanding,
    request: Request,
    response: Response,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """Look at the page from outside: reachable, not led elsewhere, our script in place."""

    wish = Wish(kind=IntentKind.PROBE_LANDING, payload={"url": asked.url}, body=asked, key=idempotency_key)
    intent = await ask(request, caller, session_id, wish)
    return await _answered(request, response, intent)


@router.put("/{session_id}/preferences")
async def set_preferences(
    session_id: UUID,
    chosen: Preferences,
    request: Request,
    response: Response,
    caller: CallerDep,
    idempotency_key: IdempotencyKey = "",
) -> dict[str, Any]:
    """What the seller chooses for the configuration: consent mode, forwarded browser events, a test event code. Absent
    stays as it is; a test event code of null is taken away."""
    wish = Wish(kind=IntentKind.SET_PREFERENCES, payload=chosen.chosen(), body=chosen, key=idempotency_key)
    intent = await ask(request, caller, session_id, wish)
    response.status_code = 202 if intent.state == IntentState.QUEUED else 200
    kept = {"preferences": intent.result["preferences"]} if "preferences" in intent.result else {}
    said = describe(intent.code, {}, await _language(request, session_id)) if intent.code else {}
    return {"intent_id": str(intent.id), "state": intent.state, **kept, **said}


@router.get("/{session_id}/actions/{action_id}")
async def read_action(
    session_id: UUID, action_id: UUID, request: Request, tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """One entry of the ledger, or what is known of a check that has none."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    entry, intent = await session.get(SetupActionLog, action_id), await session.get(SetupIntent, action_id)
    if entry is not None and entry.session_id == owner.id:
        return _told(entry, intent, language(request, owner))
    if intent is not None and intent.session_id == owner.id and intent.kind in _CHECKS:
        return _told(None, intent, language(request, owner))
    raise NotFound(what="action")


async def _answered(request: Request, response: Response, intent: SetupIntent) -> dict[str, Any]:
    """The check's answer; 202 with where to look for it when it takes longer than a caller may wait."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, intent.session_id)
        entry = await session.get(SetupActionLog, intent.id)
    if intent.state == IntentState.QUEUED:
        response.status_code = 202
        response.headers["Location"] = f"{router.prefix}/{owner.id}/actions/{intent.id}"
        return _in_flight(intent)
    return _told(entry, intent, language(request, owner))


def _told(entry: SetupActionLog | None, intent: SetupIntent | None, locale: str) -> dict[str, Any]:
    """The ledger's word. Off the queue with none, or with an open entry, the check broke, and its intent says why."""
    is_open = intent is None or intent.state == IntentState.QUEUED
    if entry is not None and (is_open or entry.state != ActionState.IN_FLIGHT):
        return answer_of(entry, locale)
    assert intent is not None
    return _in_flight(intent) if is_open else _broken(intent, locale)


def _in_flight(intent: SetupIntent) -> dict[str, Any]:
    return {"action_id": str(intent.id), "action": intent.kind, "status": ActionState.IN_FLIGHT.value}


def _broken(intent: SetupIntent, locale: str) -> dict[str, Any]:
    said = describe(intent.code or SetupCode.CHECK_FAILED, intent.result.get("params", {}), locale)
    finished = intent.handled_at.isoformat() if intent.handled_at else None
    told = {**_in_flight(intent), "status": ActionState.FAILED.value, **said, "reason": None}
    return {**told, "started_at": intent.created_at.isoformat(), "finished_at": finished}


async def _language(request: Request, session_id: UUID) -> str:
    async with transaction() as session:
        return language(request, await session.get_one(SetupSession, session_id))
