"""What a tenant's configuration is now, without secrets: what a plan compares with and what its preconditions see."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.configuration.facts import Frozen
from tracking_core.configuration.registering import registering_gateways
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.versions import active_version
from tracking_core.gateways import registry
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.models import (
    ConsentMode,
    MetaConnection,
    SetupActionLog,
    SetupSession,
    Tenant,
    TrackingConfiguration,
    WebhookEndpoint,
)
from tracking_core.settings import get_settings
from tracking_core.tenants import service as tenants

_KEY_BYTES = 24


class ConnectionNow(Frozen):
    """``sealed`` is a digest of the stored ciphertext: it changes whenever the token is written."""

    dataset_id: str
    state: str
    is_disabled: bool
    token_ref: str | None
    sealed: str
    test_event_code: str | None
    browser_events: tuple[str, ...]


class EndpointNow(Frozen):
    gateway: str
    endpoint_key: str
    is_disabled: bool
    secret_ref: str | None
    next_secret_ref: str | None


class VersionNow(Frozen):
    """``activated_at`` is another each time a version is activated, the first or once more."""

    version: int
    spec: Spec
    activated_at: datetime | None


class Current(Frozen):
    """``reserved_keys`` holds, for each gateway, the endpoint key the next new endpoint gets: unguessable, and the same
    until it is used. ``generation`` counts what was undone: a plan made after that is another plan."""

    tenant_id: UUID
    hub_url: str
    consent_mode: ConsentMode
    connections: tuple[ConnectionNow, ...] = ()
    endpoints: tuple[EndpointNow, ...] = ()
    reserved_keys: dict[str, str] = Field(default_factory=dict)
    registering: tuple[str, ...] = ()
    generation: int = 0
    active: VersionNow | None = None
    newest_version: int = 0

    def connection(self, dataset_id: str) -> ConnectionNow | None:
        return next((one for one in self.connections if one.dataset_id == dataset_id), None)

    def endpoint(self, endpoint_key: str) -> EndpointNow | None:
        return next((one for one in self.endpoints if one.endpoint_key == endpoint_key), None)

    def endpoint_of(self, gateway: str) -> EndpointNow | None:
        """The newest that is not disabled, else the newest: its address may stand in the gateway's panel already, and
        a sale that comes twice is one sale only to the same endpoint."""
        theirs = [one for one in self.endpoints if one.gateway == gateway]
        return next((one for one in theirs if not one.is_disabled), theirs[0] if theirs else None)

    def webhook_url(self, gateway: str, endpoint_key: str) -> str:
        return f"{self.hub_url}/webhooks/{gateway}/{endpoint_key}"


async def read_current(session: AsyncSession, tenant_id: UUID) -> Current:
    """The tenant's configuration as it stands in the session's transaction. Raises NotFound."""
    tenant = await tenants.get(session, tenant_id)
    await session.refresh(tenant)
    endpoints = await _endpoints(session, tenant_id)
    generation = await _generation(session, tenant_id)
    active, newest = await active_version(session, tenant_id)
    return Current(
        tenant_id=tenant_id,
        hub_url=get_settings().base_url,
        consent_mode=ConsentMode(tenant.consent_mode),
        connections=await _connections(session, tenant_id),
        endpoints=endpoints,
        reserved_keys=_reserved_keys(tenant, generation, {one.endpoint_key for one in endpoints}),
        registering=registering_gateways(),
        generation=generation,
        active=_version(active) if active else None,
        newest_version=newest,
    )


def _version(row: TrackingConfiguration) -> VersionNow:
    return VersionNow(version=row.version, spec=Spec.from_json(row.spec), activated_at=row.activated_at)


async def _connections(session: AsyncSession, tenant_id: UUID) -> tuple[ConnectionNow, ...]:
    query = select(MetaConnection).where(MetaConnection.tenant_id == tenant_id).order_by(col(MetaConnection.dataset_id))
    rows = (await session.scalars(query, execution_options={"populate_existing": True})).all()
    return tuple(_connection(row) for row in rows)


def _connection(row: MetaConnection) -> ConnectionNow:
    return ConnectionNow(
        dataset_id=row.dataset_id,
        state=row.state,
        is_disabled=row.disabled_at is not None,
        token_ref=row.token_ref,
        sealed=sha256_bytes(bytes(row.access_token)).hex(),
        test_event_code=row.test_event_code,
        browser_events=tuple(sorted(row.browser_events)),
    )


async def _endpoints(session: AsyncSession, tenant_id: UUID) -> tuple[EndpointNow, ...]:
    query = select(WebhookEndpoint).where(WebhookEndpoint.tenant_id == tenant_id)
    newest_first = query.order_by(col(WebhookEndpoint.created_at).desc(), col(WebhookEndpoint.id).desc())
    rows: Sequence[WebhookEndpoint] = (
        await session.scalars(newest_first, execution_options={"populate_existing": True})
    ).all()
    return tuple(
        EndpointNow(
            gateway=row.gateway,
            endpoint_key=row.endpoint_key,
            is_disabled=row.disabled_at is not None,
            secret_ref=row.secret_ref,
            next_secret_ref=row.next_secret_ref,
        )
        for row in rows
    )


async def _generation(session: AsyncSession, tenant_id: UUID) -> int:
    query = (
        select(func.count())
        .select_from(SetupActionLog)
        .join(SetupSession, col(SetupSession.id) == col(SetupActionLog.session_id))
        .where(SetupSession.tenant_id == tenant_id, col(SetupActionLog.undone_at).is_not(None))
    )
    return (await session.scalars(query)).one()


def _reserved_keys(tenant: Tenant, generation: int, taken: Collection[str]) -> dict[str, str]:
    """Keyed with the tenant's wrapped data key, which only the database holds, as it does every endpoint's key."""
    reserved = {}
    for gateway in registry.names():
        tries = (_derived(bytes(tenant.wrapped_data_key), f"{gateway}:{generation}:{n}") for n in range(len(taken) + 1))
        reserved[gateway] = next(key for key in tries if key not in taken)
    return reserved


def _derived(key: bytes, text: str) -> str:
    digest = hmac.new(key, f"webhook-endpoint:{text}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_KEY_BYTES]).decode()
