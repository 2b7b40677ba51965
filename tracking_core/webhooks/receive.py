"""Receive a webhook: believe nothing before its signature, keep it byte for byte, answer fast, process later."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.errors import NotFound, SignatureInvalid
from tracking_core.gateways import registry
from tracking_core.gateways.base import InboundRequest
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import ReceivedWebhook, Tenant, WebhookEndpoint, WebhookState
from tracking_core.tenants.service import cipher_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Receipt:
    """``created`` is False when these very bytes were received before."""

    webhook_id: UUID
    created: bool


async def receive(
    session: AsyncSession,
    gateway: str,
    request: InboundRequest,
    *,
    endpoint_key: str = "",
    tenant_id: UUID | None = None,
) -> Receipt:
    """Keep an authentic webhook, once. Raises NotFound (no such endpoint) or SignatureInvalid; stores nothing then."""
    adapter = registry.get(gateway)
    endpoint, tenant = await _endpoint(session, gateway, endpoint_key, tenant_id)
    cipher = cipher_of(tenant)
    secret = cipher.decrypt(endpoint.secret, f"endpoint:{endpoint.id}:secret").decode()
    if not adapter.verify(request, secret):
        log.warning("webhook_forged", gateway=gateway, endpoint_id=str(endpoint.id), size=len(request.body))
        raise SignatureInvalid
    webhook_id, digest = new_id(), sha256_bytes(request.body)
    now = clock.now()
    values = {
        "id": webhook_id,
        "tenant_id": tenant.id,
        "endpoint_id": endpoint.id,
        "gateway": gateway,
        "body": cipher.encrypt(request.body, f"webhook:{webhook_id}:body"),
        "body_digest": digest,
        "state": WebhookState.RECEIVED,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }
    statement = insert(ReceivedWebhook).values(values).on_conflict_do_nothing().returning(col(ReceivedWebhook.id))
    if (await session.execute(statement)).first() is not None:
        return Receipt(webhook_id, created=True)
    known = select(ReceivedWebhook.id).where(
        ReceivedWebhook.endpoint_id == endpoint.id, ReceivedWebhook.body_digest == digest
    )
    return Receipt((await session.scalars(known)).one(), created=False)


async def _endpoint(
    session: AsyncSession, gateway: str, endpoint_key: str, tenant_id: UUID | None
) -> tuple[WebhookEndpoint, Tenant]:
    """By its key, or the newest of the tenant for this gateway."""
    query = (
        select(WebhookEndpoint, Tenant)
        .join(Tenant)
        .where(WebhookEndpoint.gateway == gateway, WebhookEndpoint.disabled_at == None)  # noqa: E711
        .order_by(col(WebhookEndpoint.created_at).desc())
    )
    if endpoint_key:
        query = query.where(WebhookEndpoint.endpoint_key == endpoint_key)
    elif tenant_id is not None:
        query = query.where(WebhookEndpoint.tenant_id == tenant_id)
    else:
        raise NotFound(what="webhook endpoint")
    found = (await session.execute(query)).first()
    if found is None:
        raise NotFound(what="webhook endpoint")
    return found
