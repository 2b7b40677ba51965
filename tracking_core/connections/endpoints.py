"""Webhook endpoints of gateways, and how their secrets are replaced without refusing a webhook."""

import hmac
import secrets
from contextlib import suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.gateways import registry
from tracking_core.kit import clock
from tracking_core.models import WebhookEndpoint
from tracking_core.secrets import vault
from tracking_core.secrets.errors import SecretUnknown
from tracking_core.secrets.keyring import TenantCipher
from tracking_core.tenants.lookup import cipher_of, get

# Only while the secret that was proved is still the next one: of webhooks that prove it together, one promotes it.
_PROMOTE = text("""
UPDATE webhook_endpoints
SET secret = :secret, secret_ref = next_secret_ref, next_secret = NULL, next_secret_ref = NULL
WHERE id = :id AND next_secret = :proved RETURNING tenant_id, secret_ref
""")


async def connect_gateway(
    session: AsyncSession, tenant_id: UUID, gateway: str, secret: str, *, actor: str, secret_ref: str | None = None
) -> WebhookEndpoint:
    """A new webhook URL for the tenant; ``secret`` is what the gateway signs with, ``secret_ref`` its reference in the
    vault, if it came from there."""
    registry.get(gateway)
    _require_secret(secret)
    cipher = cipher_of(await get(session, tenant_id))
    await _retain(session, secret_ref, tenant_id)
    endpoint = WebhookEndpoint(
        tenant_id=tenant_id,
        gateway=gateway,
        endpoint_key=secrets.token_urlsafe(24),
        secret=b"",
        secret_ref=secret_ref,
    )
    endpoint.secret = cipher.encrypt(secret.encode(), secret_context(endpoint.id))
    session.add(endpoint)
    record(session, actor=actor, action="gateway.connected", subject=str(endpoint.id), tenant_id=tenant_id)
    return endpoint


async def rotate_webhook_secret(
    session: AsyncSession, endpoint_id: UUID, secret: str, *, actor: str, secret_ref: str | None = None
) -> WebhookEndpoint:
    """Accept ``secret`` beside the one in use, until the first webhook signed with it makes it the only one.

    The last one given counts; the one in use given again ends a rotation.
    """
    _require_secret(secret)
    endpoint = await session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if endpoint is None:
        raise NotFound(what="webhook endpoint")
    cipher = cipher_of(await get(session, endpoint.tenant_id))
    await _forget_next(session, endpoint)
    await _retain(session, secret_ref, endpoint.tenant_id)
    in_use = cipher.decrypt(endpoint.secret, secret_context(endpoint.id))
    if hmac.compare_digest(in_use, secret.encode()):
        endpoint.secret_ref = secret_ref or endpoint.secret_ref
    else:
        endpoint.next_secret = cipher.encrypt(secret.encode(), next_secret_context(endpoint.id))
        endpoint.next_secret_ref = secret_ref
    record(session, actor=actor, action="gateway.secret_staged", subject=str(endpoint.id), tenant_id=endpoint.tenant_id)
    return endpoint


async def promote_webhook_secret(
    session: AsyncSession, endpoint_id: UUID, *, proved: bytes, secret: str, cipher: TenantCipher
) -> None:
    """A webhook was signed with the next secret, stored as ``proved``: from here on it is the only one."""
    values = {
        "id": endpoint_id,
        "proved": proved,
        "secret": cipher.encrypt(secret.encode(), secret_context(endpoint_id)),
    }
    promoted = (await session.execute(_PROMOTE, values)).first()
    if promoted is None:
        return
    tenant_id, reference = promoted
    record(session, actor="webhook", action="gateway.secret_promoted", subject=str(endpoint_id), tenant_id=tenant_id)
    if reference:
        with suppress(SecretUnknown):  # revoked meanwhile; the endpoint has its own copy
            await vault.verify(session, reference, tenant_id=tenant_id, actor="webhook", now=clock.now())


def webhook_path(endpoint: WebhookEndpoint) -> str:
    return f"/webhooks/{endpoint.gateway}/{endpoint.endpoint_key}"


def secret_context(endpoint_id: UUID) -> str:
    return f"endpoint:{endpoint_id}:secret"


def next_secret_context(endpoint_id: UUID) -> str:
    return f"endpoint:{endpoint_id}:next_secret"


async def _forget_next(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
    if endpoint.next_secret_ref:
        await vault.release(session, endpoint.next_secret_ref, tenant_id=endpoint.tenant_id, now=clock.now())
    endpoint.next_secret = endpoint.next_secret_ref = None


async def _retain(session: AsyncSession, reference: str | None, tenant_id: UUID) -> None:
    if reference is not None:
        await vault.retain(session, reference, tenant_id=tenant_id, now=clock.now())


def _require_secret(secret: str) -> None:
    if not secret:
        raise InvalidRequest(
            [problem("secret", "The webhook secret is empty; a signature made with it proves nothing.")]
        )
