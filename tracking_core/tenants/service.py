"""Tenants, their keys and their connections. Every change leaves an audit entry."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.audit.service import record
from tracking_core.errors import InvalidRequest, NotFound, Unauthorized
from tracking_core.gateways import registry
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    ApiKey,
    ApiKeyKind,
    BrowserEvent,
    ConnectionState,
    MetaConnection,
    Tenant,
    WebhookEndpoint,
)
from tracking_core.secrets.keyring import TenantCipher, cipher_for, new_data_key

_PREFIX = {ApiKeyKind.WRITE: "wk_hub_", ApiKeyKind.SECRET: "sk_hub_"}


@dataclass(frozen=True, slots=True)
class NewTenant:
    """The only time the secret key is seen in clear."""

    tenant_id: UUID
    write_key: str
    secret_key: str


async def create(session: AsyncSession, name: str, *, actor: str) -> NewTenant:
    tenant_id = new_id()
    session.add(Tenant(id=tenant_id, name=name, wrapped_data_key=new_data_key(tenant_id)))
    await session.flush()
    write_key = _issue(session, tenant_id, ApiKeyKind.WRITE)
    secret_key = _issue(session, tenant_id, ApiKeyKind.SECRET)
    record(session, actor=actor, action="tenant.created", subject=str(tenant_id), tenant_id=tenant_id)
    return NewTenant(tenant_id, write_key, secret_key)


async def get(session: AsyncSession, tenant_id: UUID) -> Tenant:
    tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


async def by_key(session: AsyncSession, key: str, kind: ApiKeyKind) -> Tenant:
    """The tenant the key belongs to, or Unauthorized."""
    query = (
        select(Tenant)
        .join(ApiKey)
        .where(ApiKey.key_hash == sha256_bytes(key.encode()), ApiKey.kind == kind, ApiKey.revoked_at == None)  # noqa: E711
    )
    tenant = (await session.scalars(query)).first()
    if tenant is None:
        raise Unauthorized
    return tenant


async def connect_meta(
    session: AsyncSession,
    tenant_id: UUID,
    dataset_id: str,
    access_token: str,
    *,
    actor: str,
    test_event_code: str | None = None,
    app_secret: str | None = None,
    browser_events: Collection[str] | None = None,
) -> MetaConnection:
    """Create the dataset's connection or replace its token; either way it is active again and drains by itself.

    ``browser_events`` (of ``BrowserEvent``) are forwarded from now on; None leaves them as they were, at first none.
    """
    if not (dataset_id.isascii() and dataset_id.isdigit()):
        raise InvalidRequest([_problem("dataset_id", "The dataset id has only digits.")])
    if not access_token:
        raise InvalidRequest([_problem("access_token", "The access token is empty.")])
    cipher = cipher_of(await get(session, tenant_id))
    query = select(MetaConnection).where(MetaConnection.tenant_id == tenant_id, MetaConnection.dataset_id == dataset_id)
    connection = (await session.scalars(query.with_for_update())).first()
    if connection is None:
        connection = MetaConnection(tenant_id=tenant_id, dataset_id=dataset_id, access_token=b"")
    connection.access_token = cipher.encrypt(access_token.encode(), f"meta:{connection.id}:token")
    if app_secret:
        connection.app_secret = cipher.encrypt(app_secret.encode(), f"meta:{connection.id}:app_secret")
    connection.test_event_code = test_event_code
    connection.state = ConnectionState.ACTIVE
    connection.hold_code = connection.held_at = connection.paused_until = None
    connection.failure_streak = 0
    session.add(connection)
    if browser_events is not None:
        _forward(session, connection, browser_events, actor=actor)
    record(session, actor=actor, action="meta.connected", subject=str(connection.id), tenant_id=tenant_id)
    return connection


def _forward(session: AsyncSession, connection: MetaConnection, kinds: Collection[str], *, actor: str) -> None:
    """Set what is forwarded. Nothing received before it was asked for is."""
    if set(kinds) - set(BrowserEvent):
        raise InvalidRequest([_problem("browser_events", f"Choose from {', '.join(BrowserEvent)}.")])
    if not connection.browser_events:
        connection.browser_events_from = clock.now()
    connection.browser_events = sorted({str(kind) for kind in kinds})
    record(
        session,
        actor=actor,
        action="meta.browser_events_chosen",
        subject=str(connection.id),
        tenant_id=connection.tenant_id,
        browser_events=connection.browser_events,
    )


async def connect_gateway(
    session: AsyncSession, tenant_id: UUID, gateway: str, secret: str, *, actor: str
) -> WebhookEndpoint:
    """A new webhook URL for the tenant; ``secret`` is what the gateway signs with."""
    registry.get(gateway)
    if not secret:
        raise InvalidRequest(
            [_problem("secret", "The webhook secret is empty; a signature made with it proves nothing.")]
        )
    cipher = cipher_of(await get(session, tenant_id))
    endpoint = WebhookEndpoint(tenant_id=tenant_id, gateway=gateway, endpoint_key=secrets.token_urlsafe(24), secret=b"")
    endpoint.secret = cipher.encrypt(secret.encode(), f"endpoint:{endpoint.id}:secret")
    session.add(endpoint)
    record(session, actor=actor, action="gateway.connected", subject=str(endpoint.id), tenant_id=tenant_id)
    return endpoint


def cipher_of(tenant: Tenant) -> TenantCipher:
    return cipher_for(tenant.id, tenant.wrapped_data_key)


def webhook_path(endpoint: WebhookEndpoint) -> str:
    return f"/webhooks/{endpoint.gateway}/{endpoint.endpoint_key}"


def _issue(session: AsyncSession, tenant_id: UUID, kind: ApiKeyKind) -> str:
    key = _PREFIX[kind] + secrets.token_urlsafe(24)
    session.add(ApiKey(tenant_id=tenant_id, kind=kind, key_hash=sha256_bytes(key.encode()), hint=key[-4:]))
    return key


def _problem(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}
