"""Receive a webhook: believe nothing before its signature, keep it byte for byte, answer fast, process later."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.endpoints import next_secret_context, promote_webhook_secret, secret_context
from tracking_core.errors import NotFound, SignatureInvalid
from tracking_core.gateways import registry
from tracking_core.gateways.base import Gateway, InboundRequest
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.metrics.sales import WEBHOOKS
from tracking_core.secrets.keyring import TenantCipher, cipher_for
from tracking_core.telemetry import names, tracing
from tracking_core.tenants.errors import TenantClosed

# Plain SQL: a gateway waits for this answer, and on Black Friday many do.
_ENDPOINT = """
SELECT e.id, e.gateway, e.secret, e.next_secret, t.id AS tenant_id, t.wrapped_data_key
FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id
WHERE e.gateway = :gateway AND e.disabled_at IS NULL AND {which}
ORDER BY e.created_at DESC LIMIT 1
"""
_BY_KEY = text(_ENDPOINT.format(which="e.endpoint_key = :which"))
_BY_TENANT = text(_ENDPOINT.format(which="e.tenant_id = :which"))
_CLOSED = "SELECT t.closed_at IS NOT NULL FROM {which}"
_CLOSED_BY_KEY = text(
    _CLOSED.format(which="webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id WHERE e.endpoint_key = :which")
)
_CLOSED_BY_TENANT = text(_CLOSED.format(which="tenants t WHERE t.id = :which"))
_KEEP = text("""
INSERT INTO received_webhooks
    (id, tenant_id, endpoint_id, gateway, body, body_digest, state, attempts, received_at, due_at, trace_context)
VALUES (:id, :tenant, :endpoint, :gateway, :body, :digest, 'received', 0, :now, :now, :trace)
ON CONFLICT (endpoint_id, body_digest) DO NOTHING RETURNING id
""")
# A repeat is the same to the byte: what could not be read may be readable by now. Not an item of a gateway's list that
# had no webhook's shape (reconciliation/ingest.py): its list is read again anyway.
_AGAIN = """
UPDATE received_webhooks SET state = 'received', reason = NULL, attempts = 0, due_at = :now, processed_at = NULL
WHERE state = 'unreadable' AND octet_length(body) > 0 AND coalesce(reason, '') NOT LIKE 'sales_api:%' AND {which}
RETURNING id
"""
_AGAIN_THIS = text(_AGAIN.format(which="endpoint_id = :endpoint AND body_digest = :digest"))
_AGAIN_ALL = text(_AGAIN.format(which="tenant_id = :tenant AND gateway = coalesce(CAST(:gateway AS text), gateway)"))
_KNOWN = text("SELECT id FROM received_webhooks WHERE endpoint_id = :endpoint AND body_digest = :digest")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Receipt:
    """``created`` is False when these very bytes were received before, and read."""

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
    """Keep an authentic webhook, once. Raises NotFound (no such endpoint), TenantClosed or SignatureInvalid; stores
    nothing then."""
    adapter, place = registry.get(gateway), tracing.current()
    with tracing.span("webhook.verify", {names.GATEWAY: gateway}):
        endpoint = await _endpoint(session, gateway, endpoint_key, tenant_id)
        structlog.contextvars.bind_contextvars(tenant_id=str(endpoint.tenant_id))
        cipher = await _proved(session, adapter, request, endpoint)
    with tracing.span("webhook.keep", {names.GATEWAY: gateway, names.TENANT: str(endpoint.tenant_id)}):
        receipt = await _keep(session, gateway, request.body, endpoint, cipher, place)
    WEBHOOKS.labels(gateway, "received" if receipt.created else "duplicate").inc()
    return receipt


async def _proved(session: AsyncSession, adapter: Gateway, request: InboundRequest, endpoint: Row[Any]) -> TenantCipher:
    """The tenant's cipher, once the webhook's signature holds. Raises SignatureInvalid."""
    cipher = cipher_for(endpoint.tenant_id, bytes(endpoint.wrapped_data_key))
    secret = cipher.decrypt(bytes(endpoint.secret), secret_context(endpoint.id)).decode()
    if not adapter.verify(request, secret) and not await _proves_next(session, adapter, request, endpoint, cipher):
        log.warning("webhook_forged", gateway=endpoint.gateway, endpoint_id=str(endpoint.id), size=len(request.body))
        WEBHOOKS.labels(endpoint.gateway, "forged").inc()
        raise SignatureInvalid
    return cipher


async def _keep(
    session: AsyncSession, gateway: str, body: bytes, endpoint: Row[Any], cipher: TenantCipher, place: bytes | None
) -> Receipt:
    webhook_id = new_id()
    values = {
        "id": webhook_id,
        "tenant": endpoint.tenant_id,
        "endpoint": endpoint.id,
        "gateway": gateway,
        "body": cipher.encrypt(body, f"webhook:{webhook_id}:body"),
        "digest": sha256_bytes(body),
        "now": clock.now(),
        "trace": place,
    }
    if (await session.execute(_KEEP, values)).first() is not None:
        return Receipt(webhook_id, created=True)
    which = {"endpoint": endpoint.id, "digest": values["digest"]}
    if again := (await session.execute(_AGAIN_THIS, {**which, "now": values["now"]})).first():
        return Receipt(again.id, created=True)
    return Receipt((await session.execute(_KNOWN, which)).scalar_one(), created=False)


async def read_again(session: AsyncSession, tenant_id: UUID, gateway: str | None = None) -> int:
    """Make due what the tenant's gateways sent and nobody could read; how many. They are read within a second."""
    values = {"tenant": tenant_id, "gateway": gateway, "now": clock.now()}
    return len((await session.execute(_AGAIN_ALL, values)).all())


async def _proves_next(
    session: AsyncSession, adapter: Gateway, request: InboundRequest, endpoint: Row[Any], cipher: TenantCipher
) -> bool:
    """Whether it is signed with the secret that is to come, which has then come."""
    if endpoint.next_secret is None:
        return False
    sealed = bytes(endpoint.next_secret)
    secret = cipher.decrypt(sealed, next_secret_context(endpoint.id)).decode()
    if not adapter.verify(request, secret):
        return False
    await promote_webhook_secret(session, endpoint.id, proved=sealed, secret=secret, cipher=cipher)
    return True


async def _endpoint(session: AsyncSession, gateway: str, endpoint_key: str, tenant_id: UUID | None) -> Row[Any]:
    """By its key, or the newest of the tenant for this gateway."""
    if not endpoint_key and tenant_id is None:
        raise NotFound(what="webhook endpoint")
    query, which = (_BY_KEY, endpoint_key) if endpoint_key else (_BY_TENANT, tenant_id)
    found = (await session.execute(query, {"gateway": gateway, "which": which})).first()
    if found is None:
        closed = _CLOSED_BY_KEY if endpoint_key else _CLOSED_BY_TENANT
        if await session.scalar(closed, {"which": which}):
            raise TenantClosed
        raise NotFound(what="webhook endpoint")
    return found
