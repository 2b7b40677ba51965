"""How each effect inside the hub is put back. What somebody changed since is left alone and reported."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, select

from tracking_core.audit.service import record
from tracking_core.configuration import rows
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext
from tracking_core.configuration.effects import connection_of, endpoint_of
from tracking_core.configuration.ledger import Done
from tracking_core.kit import clock
from tracking_core.models import (
    ConfigurationState,
    MetaConnection,
    SetupActionLog,
    Tenant,
    TrackingConfiguration,
    WebhookEndpoint,
)
from tracking_core.secrets import vault

_SLOTS = "DELETE FROM delivery_slots WHERE connection_id = :id"
_SIGNING = ("secret", "secret_ref", "next_secret", "next_secret_ref")
_UNDONE = Done(code=ConfigCode.UNDONE)


@dataclass(frozen=True, slots=True)
class Undo:
    """``before`` is the snapshot taken then, ``after`` what was made."""

    session: AsyncSession
    ctx: ApplyContext
    params: Mapping[str, Any]
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any]


async def connect_dataset(undo: Undo) -> Done:
    connection = await connection_of(undo.session, undo.ctx, undo.params["dataset_id"])
    if connection is None:
        return _UNDONE
    _require_ours(undo.params["token_ref"], connection.token_ref, connection.next_token_ref)
    await _release(undo, undo.params["token_ref"])
    if undo.before["row"] is None:
        return await _take_away(undo, MetaConnection, connection.id, first=(_SLOTS,))
    return await _put_back(undo, MetaConnection)


async def create_endpoint(undo: Undo) -> Done:
    endpoint = await endpoint_of(undo.session, undo.ctx, undo.params["endpoint_key"])
    if endpoint is None:
        return _UNDONE
    if not await _secrets_given(undo) & {endpoint.secret_ref, endpoint.next_secret_ref}:
        _require_ours(undo.params["secret_ref"])
    now = await rows.snapshot(undo.session, WebhookEndpoint, endpoint.id)
    before = undo.before["row"]
    if before and now and now["secret"] != before["secret"]:
        return await _put_back_around(undo, {name: now[name] for name in _SIGNING})
    await _release(undo, undo.params["secret_ref"])
    if before is None:
        return await _take_away(undo, WebhookEndpoint, endpoint.id)
    return await _put_back(undo, WebhookEndpoint)


async def _secrets_given(undo: Undo) -> set[str | None]:
    """By the whole session for this address: one that was proved stays when its own action is undone."""
    ours = (SetupActionLog.session_id == undo.ctx.session_id, SetupActionLog.action == ActionName.CREATE_ENDPOINT)
    inputs = (await undo.session.scalars(select(SetupActionLog.input).where(*ours))).all()
    return {one["secret_ref"] for one in inputs if one["endpoint_key"] == undo.params["endpoint_key"]} - {None}


async def _put_back_around(undo: Undo, signing: Mapping[str, Any]) -> Done:
    """The setup only accepted a secret beside the one in use; a webhook proved it since, or somebody else put another
    in. The gateway signs with that one: the one before would refuse every webhook."""
    row = undo.before["row"]
    await rows.restore(undo.session, WebhookEndpoint, {**row, **signing})
    _audit(undo, "configuration.restored", row["id"])
    is_ours = undo.params["secret_ref"] == signing["secret_ref"] is not None
    return Done(code=ConfigCode.KEPT_PROVED) if is_ours else _UNDONE


async def show_instructions(_undo: Undo) -> Done:
    return Done(code=ConfigCode.LEFT_OVER)


async def map_events(undo: Undo) -> Done:
    connection = await connection_of(undo.session, undo.ctx, undo.params["dataset_id"])
    if connection is None:
        return _UNDONE
    _require_equal(sorted(connection.browser_events), sorted(undo.params["browser_events"]))
    return await _put_back(undo, MetaConnection)


async def set_consent_mode(undo: Undo) -> Done:
    tenant = await undo.session.get_one(Tenant, undo.ctx.tenant_id, populate_existing=True)
    _require_equal(tenant.consent_mode, undo.params["consent_mode"])
    return await _put_back(undo, Tenant)


async def enable_dataset(undo: Undo) -> Done:
    return await _put_back(undo, MetaConnection)


async def enable_endpoint(undo: Undo) -> Done:
    return await _put_back(undo, WebhookEndpoint)


async def activate_version(undo: Undo) -> Done:
    made = await undo.session.get_one(
        TrackingConfiguration, UUID(undo.after["configuration_id"]), populate_existing=True
    )
    _require_equal(made.state, ConfigurationState.ACTIVE)
    if undo.before["target"] is None:
        made.state, made.ended_at = ConfigurationState.ROLLED_BACK, clock.now()
        await undo.session.flush()
    else:
        await rows.restore(undo.session, TrackingConfiguration, undo.before["target"])
    if undo.before["previous"] is not None:
        await rows.restore(undo.session, TrackingConfiguration, undo.before["previous"])
    _audit(undo, "configuration.rolled_back", undo.after["configuration_id"])
    return _UNDONE


async def _put_back(undo: Undo, model: type[SQLModel]) -> Done:
    row = undo.before["row"]
    await rows.restore(undo.session, model, row)
    _audit(undo, "configuration.restored", row["id"])
    return _UNDONE


async def _take_away(undo: Undo, model: type[SQLModel], row_id: UUID, *, first: tuple[str, ...] = ()) -> Done:
    """Delete what was created; where sales refer to it, switch it off."""
    if await rows.delete(undo.session, model, row_id, first=first):
        _audit(undo, "configuration.deleted", str(row_id))
        return _UNDONE
    kept = await rows.snapshot(undo.session, model, row_id)
    assert kept is not None
    await rows.restore(undo.session, model, {**kept, "disabled_at": clock.now().isoformat()})
    _audit(undo, "configuration.disabled", str(row_id))
    return Done(code=ConfigCode.KEPT_DISABLED)


async def _release(undo: Undo, reference: str | None) -> None:
    """No connection uses the credential any more: the vault may let an unverified one expire."""
    if reference is not None:
        await vault.release(undo.session, reference, tenant_id=undo.ctx.tenant_id, now=clock.now())


def _require_ours(reference: str | None, *in_use: str | None) -> None:
    if reference is not None and reference not in in_use:
        raise ActionFailed(ConfigCode.CONFLICT, "another credential was set since")


def _require_equal(found: object, set_by_us: object) -> None:
    if found != set_by_us:
        raise ActionFailed(ConfigCode.CONFLICT, "changed since")


def _audit(undo: Undo, action: str, subject: str) -> None:
    ctx = undo.ctx
    record(undo.session, actor=ctx.actor, action=action, subject=subject, tenant_id=ctx.tenant_id)


UNDOS: Mapping[ActionName, Callable[[Undo], Awaitable[Done]]] = {
    ActionName.CONNECT_DATASET: connect_dataset,
    ActionName.CREATE_ENDPOINT: create_endpoint,
    ActionName.WEBHOOK_INSTRUCTIONS: show_instructions,
    ActionName.MAP_EVENTS: map_events,
    ActionName.SET_CONSENT_MODE: set_consent_mode,
    ActionName.DISCONNECT_DATASET: enable_dataset,
    ActionName.DISABLE_ENDPOINT: enable_endpoint,
    ActionName.ACTIVATE_VERSION: activate_version,
}
