"""``POST /api/v1/setup/sessions/{id}/actions/...``: the checks. A secret sent inline is in the vault before the intent
is in the inbox, and the answer waits for the worker that makes the check."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from api.deps import CallerDep, SessionDep, TenantDep
from api.inbox import Caller, IdempotencyKey, ask
from api.routes.setup_sessions import language
from api.routes.setup_sessions import router as sessions_router
from tools.inputs import REFERENCE_PREFIX, AccountId, DatasetId, Preferences, Url
from tracking_core.collector.addresses import stored_address
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.kit import clock
from tracking_core.models import IntentState, SecretKind, SetupActionLog, SetupIntent, SetupSession
from tracking_core.secrets import vault
from tracking_core.setup import sessions
from tracking_core.setup.answers import answer_of
from tracking_core.setup.inbox import IntentKind
from tracking_core.tenants import service as tenants

router = APIRouter(prefix=sessions_router.prefix, tags=["setup"])
# A secret in clear, or the reference of one that is in the vault.
Secret = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_192)]


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
    url: Url


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

    async def payload(session: AsyncSession, owner: SetupSession) -> dict[str, Any]:
        given = asked.credentials
        keep = _Keeper(session, owner, caller)
        return {
            "gateway": asked.gateway,
            "credentials": {
                "client_id": await keep(SecretKind.GATEWAY_CLIENT_ID, given.client_id),
                "client_secret": await keep(SecretKind.GATEWAY_CLIENT_SECRET, given.client_secret),
                "basic": await keep.optional(SecretKind.GATEWAY_BASIC, given.basic),
                "account_id": given.account_id,
            },
            "webhook_secret": await keep.optional(SecretKind.WEBHOOK_SECRET, asked.webhook_secret),
        }

    intent = await ask(request, caller, session_id, IntentKind.VALIDATE_GATEWAY, payload, client_id=idempotency_key)
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

    async def payload(session: AsyncSession, owner: SetupSession) -> dict[str, Any]:
        keep = _Keeper(session, owner, caller)
        return {
            "dataset_id": asked.dataset_id,
            "access_token": await keep(SecretKind.META_ACCESS_TOKEN, asked.access_token),
            "app_secret": await keep.optional(SecretKind.META_APP_SECRET, asked.app_secret),
        }

    intent = await ask(request, caller, session_id, IntentKind.VALIDATE_META, payload, client_id=idempotency_key)
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

    async def payload(_session: AsyncSession, _owner: SetupSession) -> dict[str, Any]:
        return {"url": _kept(asked.url)}

    intent = await ask(request, caller, session_id, IntentKind.PROBE_LANDING, payload, client_id=idempotency_key)
    return await _answered(request, response, intent)


@router.put("/{session_id}/preferences")
async def set_preferences(
    session_id: UUID, chosen: Preferences, request: Request, response: Response, caller: CallerDep
) -> dict[str, Any]:
    """What the seller chooses for the configuration: consent mode, forwarded browser events, a test event code."""

    async def payload(_session: AsyncSession, _owner: SetupSession) -> dict[str, Any]:
        return chosen.model_dump(mode="json", exclude_none=True)

    intent = await ask(request, caller, session_id, IntentKind.SET_PREFERENCES, payload)
    response.status_code = 202 if intent.state == IntentState.QUEUED else 200
    return {"intent_id": str(intent.id), "state": intent.state, **intent.result}


@router.get("/{session_id}/actions/{action_id}")
async def read_action(
    session_id: UUID, action_id: UUID, request: Request, tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """One entry of the ledger."""
    owner = await sessions.get(session, session_id, caller=tenant.id)
    entry = await session.get(SetupActionLog, action_id)
    if entry is None or entry.session_id != owner.id:
        raise NotFound(what="action")
    return answer_of(entry, language(request, owner))


class _Keeper:
    """Puts what came in clear into the vault of the session; a reference stays what it is."""

    def __init__(self, session: AsyncSession, owner: SetupSession, caller: Caller) -> None:
        self._session, self._owner, self._caller = session, owner, caller

    async def __call__(self, kind: SecretKind, given: str) -> str:
        if given.startswith(REFERENCE_PREFIX):
            return given
        kept = await vault.put(
            self._session,
            tenant=await tenants.get(self._session, self._owner.tenant_id),
            kind=kind,
            value=given,
            actor=self._caller.actor,
            session_id=self._owner.id,
            now=clock.now(),
        )
        return kept.reference

    async def optional(self, kind: SecretKind, given: str | None) -> str | None:
        return await self(kind, given) if given else None


def _kept(url: str) -> str:
    """The address without what is personal in it; that it held a credential stays to be seen, the credential not."""
    base, mark, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    kept = stored_address(url)
    return kept if "@" not in authority else kept.replace(f"{base}{mark}", f"{base}{mark}***@", 1)


async def _answered(request: Request, response: Response, intent: SetupIntent) -> dict[str, Any]:
    """The check's answer; 202 with where to look for it when it takes longer than a caller may wait."""
    async with transaction() as session:
        owner = await session.get_one(SetupSession, intent.session_id)
        entry = await session.get(SetupActionLog, intent.id)
    if entry is not None and intent.state != IntentState.QUEUED:
        return answer_of(entry, language(request, owner))
    response.status_code = 202
    response.headers["Location"] = f"{router.prefix}/{owner.id}/actions/{intent.id}"
    return {"action_id": str(intent.id), "action": intent.kind, "status": "in_flight"}
