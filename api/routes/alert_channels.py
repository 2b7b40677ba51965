"""Where alerts are told: a tenant's channels by its own key; any tenant's, or the hub's own, by an operator."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from api.deps import CallerDep, SessionDep, TenantDep
from api.operators import OperatorDep
from tracking_core.alerts.channels import proving, service
from tracking_core.alerts.channels.explain import explain
from tracking_core.alerts.channels.proving import Tested
from tracking_core.alerts.channels.service import Added, ChannelView
from tracking_core.i18n import DEFAULT_LOCALE, negotiate, translate
from tracking_core.models import ChannelKind, Severity
from tracking_core.settings import Settings

router = APIRouter(prefix="/api/v1/alert-channels", tags=["alerts"])
operations = APIRouter(prefix="/api/v1/operations/alert-channels", tags=["operations"])
Whose = Annotated[UUID | None, Query(description="Of this tenant; of the whole hub without it.")]


class NewChannel(BaseModel):
    """``target`` is an e-mail address or an ``https`` URL, and is shown nowhere again. ``locale`` is what is read
    there: ``pt_BR`` or ``en``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: ChannelKind
    target: SecretStr = Field(min_length=1, max_length=2_048)
    min_severity: Severity = Severity.TICKET
    locale: str = Field(default=DEFAULT_LOCALE, pattern="^(pt_BR|en)$")


class ChannelChange(BaseModel):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    min_severity: Severity | None = None
    enabled: bool | None = None


@router.get("")
async def list_channels(tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """Oldest first. ``hint`` is all of an address that is shown; ``is_proved``: a message has got through."""
    return {"items": [_told(one, _locale(request)) for one in await service.listed(session, tenant.id)]}


@router.post("", status_code=201)
async def add_channel(wanted: NewChannel, tenant: TenantDep, session: SessionDep, request: Request) -> dict[str, Any]:
    """A webhook's ``secret``, which signs what is sent (Standard Webhooks), is in this answer and nowhere again."""
    return _added(await _add(session, tenant.id, wanted, request, actor="tenant_api"), _locale(request))


@router.patch("/{channel_id}")
async def change_channel(
    channel_id: UUID, wanted: ChannelChange, tenant: TenantDep, session: SessionDep, request: Request
) -> dict[str, Any]:
    """What waits for a channel that is switched off is dropped."""
    changed = await service.change(session, tenant.id, channel_id, **wanted.model_dump(), actor="tenant_api")
    return _told(changed, _locale(request))


@router.delete("/{channel_id}", status_code=204)
async def remove_channel(channel_id: UUID, tenant: TenantDep, session: SessionDep) -> None:
    """With what waits for it."""
    await service.remove(session, tenant.id, channel_id, actor="tenant_api")


@router.post("/{channel_id}/test")
async def prove_channel(channel_id: UUID, caller: CallerDep, request: Request) -> dict[str, Any]:
    """Send a test message now; what gets through proves the channel. 200 either way: ``status`` says which."""
    settings = _settings(request)
    tested = await proving.prove(caller.tenant_id, channel_id, actor=caller.actor, settings=settings)
    return _tested(tested, _locale(request))


@operations.get("")
async def list_channels_of(
    _operator: OperatorDep, session: SessionDep, request: Request, tenant_id: Whose = None
) -> dict[str, Any]:
    """The same of any tenant, or of the whole hub."""
    return {"items": [_told(one, _locale(request)) for one in await service.listed(session, tenant_id)]}


@operations.post("", status_code=201)
async def add_channel_of(
    wanted: NewChannel, operator: OperatorDep, session: SessionDep, request: Request, tenant_id: Whose = None
) -> dict[str, Any]:
    """The hub's own are told of every tenant's alerts too."""
    added = await _add(session, tenant_id, wanted, request, actor=f"staff:{operator.name}")
    return _added(added, _locale(request))


@operations.patch("/{channel_id}")
async def change_channel_of(
    channel_id: UUID,
    wanted: ChannelChange,
    operator: OperatorDep,
    session: SessionDep,
    request: Request,
    tenant_id: Whose = None,
) -> dict[str, Any]:
    actor = f"staff:{operator.name}"
    changed = await service.change(session, tenant_id, channel_id, **wanted.model_dump(), actor=actor)
    return _told(changed, _locale(request))


@operations.delete("/{channel_id}", status_code=204)
async def remove_channel_of(
    channel_id: UUID, operator: OperatorDep, session: SessionDep, tenant_id: Whose = None
) -> None:
    await service.remove(session, tenant_id, channel_id, actor=f"staff:{operator.name}")


@operations.post("/{channel_id}/test")
async def prove_channel_of(
    channel_id: UUID, operator: OperatorDep, request: Request, tenant_id: Whose = None
) -> dict[str, Any]:
    actor = f"staff:{operator.name}"
    tested = await proving.prove(tenant_id, channel_id, actor=actor, settings=_settings(request))
    return _tested(tested, _locale(request))


async def _add(
    session: SessionDep, tenant_id: UUID | None, wanted: NewChannel, request: Request, *, actor: str
) -> Added:
    return await service.add(
        session,
        tenant_id,
        wanted.kind,
        wanted.target.get_secret_value(),
        min_severity=wanted.min_severity,
        locale=wanted.locale,
        trusted_origins=_settings(request).probe_trusted_origins,
        actor=actor,
    )


def _told(channel: ChannelView, locale: str) -> dict[str, Any]:
    error = {"code": channel.error, "message": translate(explain(channel.error), locale)} if channel.error else None
    return {
        "id": channel.id,
        "tenant_id": channel.tenant_id,
        "kind": channel.kind,
        "hint": channel.hint,
        "min_severity": channel.min_severity,
        "enabled": channel.enabled,
        "is_proved": channel.is_proved,
        "last_ok_at": channel.last_ok_at,
        "last_error": error,
        "created_at": channel.created_at,
    }


def _added(added: Added, locale: str) -> dict[str, Any]:
    return {**_told(added.channel, locale), "secret": added.secret or None}


def _tested(tested: Tested, locale: str) -> dict[str, Any]:
    return {
        "status": "sent" if tested.is_sent else "failed",
        "code": tested.code or None,
        "message": translate(tested.message, locale) if tested.message else None,
        "channel": _told(tested.channel, locale),
    }


def _locale(request: Request) -> str:
    return negotiate(request.headers.get("accept-language"))


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings
