"""The effects inside the hub: each is one transaction with its ledger row, and says what its undo needs."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.audit.service import record
from tracking_core.configuration import instructions, rows, versions
from tracking_core.configuration.actions import ActionName
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.context import ActionFailed, ApplyContext
from tracking_core.configuration.ledger import Done
from tracking_core.connections.meta import enable
from tracking_core.kit import clock
from tracking_core.models import (
    ConnectionState,
    MetaConnection,
    SecretKind,
    Tenant,
    TrackingConfiguration,
    WebhookEndpoint,
)
from tracking_core.tenants import service as tenants

_SECRET_BYTES = 32
MAPPING = ("browser_events", "browser_events_from")
DISABLING = ("disabled_at",)
CONSENT = ("consent_mode",)
_Row = TypeVar("_Row", MetaConnection, WebhookEndpoint)


@dataclass(frozen=True, slots=True)
class Effect:
    """One action in the transaction that carries it out. ``opened`` holds the credentials of ``secrets_of``, in clear
    by reference: a secrets manager was asked before."""

    session: AsyncSession
    ctx: ApplyContext
    params: Mapping[str, Any]
    plan_hash: str
    opened: Mapping[str, str] = field(repr=False)


def secrets_of(name: ActionName, params: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, SecretKind]:
    """The credentials the effect needs opened, by reference; ``found`` are its preconditions."""
    wanted: dict[str | None, SecretKind] = {}
    if name is ActionName.CONNECT_DATASET and params["token_ref"]:
        kinds = {"token_ref": SecretKind.META_ACCESS_TOKEN, "app_secret_ref": SecretKind.META_APP_SECRET}
        wanted = {params[param]: kind for param, kind in kinds.items()}
    elif name is ActionName.CREATE_ENDPOINT:
        now = found["endpoint"] or {}
        known = (now.get("secret_ref"), now.get("next_secret_ref"))
        wanted = {one: SecretKind.WEBHOOK_SECRET for one in [params["secret_ref"]] if one not in known}
    return {reference: kind for reference, kind in wanted.items() if reference is not None}


async def connect_dataset(effect: Effect) -> Done:
    session, ctx, params = effect.session, effect.ctx, effect.params
    known = await connection_of(session, ctx, params["dataset_id"])
    before = await rows.snapshot(session, MetaConnection, known.id if known else None)
    connection, token_before = known, known.token_ref if known else None
    if params["token_ref"]:
        connection = await tenants.connect_meta(
            session,
            ctx.tenant_id,
            params["dataset_id"],
            effect.opened[params["token_ref"]],
            actor=ctx.actor,
            app_secret=effect.opened.get(params["app_secret_ref"]),
            token_ref=params["token_ref"],
        )
    if connection is None:
        raise ActionFailed(ConfigCode.STALE, "the connection is gone")
    if params["token_ref"] not in (None, token_before) and not params["app_secret_ref"]:
        connection.app_secret = None  # it was of another token; this one was checked without
    enable(connection)
    connection.state = ConnectionState.ACTIVE
    await session.flush()
    return Done(before={"row": before}, after={"connection_id": str(connection.id), "is_created": known is None})


async def create_endpoint(effect: Effect) -> Done:
    session, ctx, params = effect.session, effect.ctx, effect.params
    known = await endpoint_of(session, ctx, params["endpoint_key"])
    before = await rows.snapshot(session, WebhookEndpoint, known.id if known else None)
    endpoint = known or await _new_endpoint(effect)
    if known is not None:
        known.disabled_at = None
        await session.flush()
        await _accept_beside(effect, known)
    await session.flush()
    return Done(before={"row": before}, after={"endpoint_id": str(endpoint.id), "is_created": known is None})


async def _new_endpoint(effect: Effect) -> WebhookEndpoint:
    """A gateway that is told the secret by us gets a random one; of the others the seller gave it."""
    ctx, params = effect.ctx, effect.params
    secret = effect.opened.get(params["secret_ref"]) or secrets.token_urlsafe(_SECRET_BYTES)
    made = await tenants.connect_gateway(
        effect.session,
        ctx.tenant_id,
        params["gateway"],
        secret,
        actor=ctx.actor,
        secret_ref=params["secret_ref"],
    )
    made.endpoint_key = params["endpoint_key"]  # the one in the plan that was approved
    return made


async def _accept_beside(effect: Effect, endpoint: WebhookEndpoint) -> None:
    """A new secret is accepted beside the one in use, so that no webhook is refused in between."""
    reference = effect.params["secret_ref"]
    if reference in (None, endpoint.secret_ref, endpoint.next_secret_ref):
        return
    await tenants.rotate_webhook_secret(
        effect.session, endpoint.id, effect.opened[reference], actor=effect.ctx.actor, secret_ref=reference
    )


async def show_instructions(effect: Effect) -> Done:
    steps = instructions.adding(effect.params["gateway"], effect.params["url"], effect.ctx.locale)
    return Done(code=ConfigCode.FOLLOW_STEPS, output={"steps": steps, "url": effect.params["url"]})


async def map_events(effect: Effect) -> Done:
    session, ctx, kinds = effect.session, effect.ctx, effect.params["browser_events"]
    connection = _needed(await connection_of(session, ctx, effect.params["dataset_id"]))
    before = await rows.snapshot(session, MetaConnection, connection.id, MAPPING)
    if not connection.browser_events:
        connection.browser_events_from = clock.now()
    connection.browser_events = sorted(kinds)
    _audit(effect, "meta.browser_events_chosen", str(connection.id), browser_events=connection.browser_events)
    return Done(before={"row": before}, after={"connection_id": str(connection.id)})


async def set_consent_mode(effect: Effect) -> Done:
    tenant = await tenants.get(effect.session, effect.ctx.tenant_id)
    before = await rows.snapshot(effect.session, Tenant, tenant.id, CONSENT)
    tenant.consent_mode = effect.params["consent_mode"]
    _audit(effect, "tenant.consent_mode_set", str(tenant.id), consent_mode=tenant.consent_mode)
    return Done(before={"row": before})


async def disconnect_dataset(effect: Effect) -> Done:
    connection = _needed(await connection_of(effect.session, effect.ctx, effect.params["dataset_id"]))
    before = await rows.snapshot(effect.session, MetaConnection, connection.id, DISABLING)
    connection.disabled_at = clock.now()
    _audit(effect, "meta.disconnected", str(connection.id))
    return Done(before={"row": before}, after={"connection_id": str(connection.id)})


async def disable_endpoint(effect: Effect) -> Done:
    endpoint = _needed(await endpoint_of(effect.session, effect.ctx, effect.params["endpoint_key"]))
    before = await rows.snapshot(effect.session, WebhookEndpoint, endpoint.id, DISABLING)
    endpoint.disabled_at = clock.now()
    _audit(effect, "gateway.disconnected", str(endpoint.id))
    return Done(before={"row": before}, after={"endpoint_id": str(endpoint.id)})


async def activate_version(effect: Effect) -> Done:
    session, tenant_id, params = effect.session, effect.ctx.tenant_id, effect.params
    active, _ = await versions.active_version(session, tenant_id)
    previous = await rows.snapshot(session, TrackingConfiguration, active.id if active else None)
    if params["is_new"]:
        target = None
        made = await versions.activate_new(
            session, tenant_id, params["spec"], plan_hash=effect.plan_hash, session_id=effect.ctx.session_id
        )
    else:
        known = await versions.get_version(session, tenant_id, params["version"])
        target = await rows.snapshot(session, TrackingConfiguration, known.id)
        made = await versions.activate_again(session, tenant_id, params["version"])
    _audit(effect, "configuration.activated", str(made.id), version=made.version)
    after = {"configuration_id": str(made.id), "version": made.version}
    return Done(before={"previous": previous, "target": target}, after=after, output={"version": made.version})


async def connection_of(session: AsyncSession, ctx: ApplyContext, dataset_id: str) -> MetaConnection | None:
    query = select(MetaConnection).where(
        MetaConnection.tenant_id == ctx.tenant_id, MetaConnection.dataset_id == dataset_id
    )
    return (await session.scalars(query.with_for_update(), execution_options={"populate_existing": True})).first()


async def endpoint_of(session: AsyncSession, ctx: ApplyContext, endpoint_key: str) -> WebhookEndpoint | None:
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.tenant_id == ctx.tenant_id, WebhookEndpoint.endpoint_key == endpoint_key
    )
    return (await session.scalars(query.with_for_update(), execution_options={"populate_existing": True})).first()


def _needed(found: _Row | None) -> _Row:
    if found is None:
        raise ActionFailed(ConfigCode.STALE, "the row is gone")
    return found


def _audit(effect: Effect, action: str, subject: str, **details: object) -> None:
    ctx = effect.ctx
    record(effect.session, actor=ctx.actor, action=action, subject=subject, tenant_id=ctx.tenant_id, **details)


EFFECTS: Mapping[ActionName, Callable[[Effect], Awaitable[Done]]] = {
    ActionName.CONNECT_DATASET: connect_dataset,
    ActionName.CREATE_ENDPOINT: create_endpoint,
    ActionName.WEBHOOK_INSTRUCTIONS: show_instructions,
    ActionName.MAP_EVENTS: map_events,
    ActionName.SET_CONSENT_MODE: set_consent_mode,
    ActionName.DISCONNECT_DATASET: disconnect_dataset,
    ActionName.DISABLE_ENDPOINT: disable_endpoint,
    ActionName.ACTIVATE_VERSION: activate_version,
}
