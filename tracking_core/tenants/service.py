"""Tenants and their keys; their connections are found here too. Every change leaves an audit entry."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.connections.endpoints import connect_gateway, rotate_webhook_secret, webhook_path
from tracking_core.connections.meta import connect_meta, discard_meta_token, promote_meta_token, stage_meta_token
from tracking_core.errors import NotFound, Unauthorized
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import ApiKey, ApiKeyKind, Tenant
from tracking_core.secrets.keyring import new_data_key
from tracking_core.tenants.errors import TenantClosed
from tracking_core.tenants.lookup import cipher_of, get

__all__ = [
    "NewTenant",
    "by_key",
    "cipher_of",
    "connect_gateway",
    "connect_meta",
    "create",
    "discard_meta_token",
    "get",
    "is_write_key_of",
    "promote_meta_token",
    "rotate_webhook_secret",
    "stage_meta_token",
    "webhook_path",
    "write_key",
]
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
    write = _issue(session, tenant_id, ApiKeyKind.WRITE)
    secret = _issue(session, tenant_id, ApiKeyKind.SECRET)
    record(session, actor=actor, action="tenant.created", subject=str(tenant_id), tenant_id=tenant_id)
    return NewTenant(tenant_id, write, secret)


async def by_key(session: AsyncSession, key: str, kind: ApiKeyKind) -> Tenant:
    """The tenant the key belongs to. Raises Unauthorized, TenantClosed."""
    is_key = (ApiKey.key_hash == sha256_bytes(key.encode()), ApiKey.kind == kind)
    found = (await session.execute(select(Tenant, ApiKey.revoked_at).join(ApiKey).where(*is_key))).first()
    if found is None:
        raise Unauthorized
    tenant: Tenant = found[0]
    if tenant.closed_at is not None:
        raise TenantClosed
    if found[1] is not None:
        raise Unauthorized
    return tenant


async def write_key(session: AsyncSession, tenant_id: UUID) -> str:
    """The tenant's write key, to be shown: its newest. Issues one when it has none but older ones, of which only the
    hash was kept; those stay valid."""
    query = select(ApiKey.value).where(
        ApiKey.tenant_id == tenant_id,
        ApiKey.kind == ApiKeyKind.WRITE,
        col(ApiKey.revoked_at).is_(None),
        col(ApiKey.value).is_not(None),
    )
    newest = query.order_by(col(ApiKey.id).desc()).limit(1)
    if known := await session.scalar(newest):
        return str(known)
    # Locked, so that two who ask together are told of the same key.
    locked = select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    if (await session.scalars(locked)).first() is None:
        raise NotFound(what="tenant")
    if known := await session.scalar(newest):
        return str(known)
    record(session, actor="hub", action="write_key.issued", subject=str(tenant_id), tenant_id=tenant_id)
    return _issue(session, tenant_id, ApiKeyKind.WRITE)


async def is_write_key_of(session: AsyncSession, tenant_id: UUID, key: str) -> bool:
    """Whether events sent with ``key`` are the tenant's."""
    query = select(ApiKey.id).where(
        ApiKey.tenant_id == tenant_id,
        ApiKey.kind == ApiKeyKind.WRITE,
        ApiKey.key_hash == sha256_bytes(key.encode(errors="replace")),
        col(ApiKey.revoked_at).is_(None),
    )
    return (await session.scalars(query)).first() is not None


def _issue(session: AsyncSession, tenant_id: UUID, kind: ApiKeyKind) -> str:
    """A new key. Only a write key, which every page of the seller shows, is kept in clear."""
    key = _PREFIX[kind] + secrets.token_urlsafe(24)
    value = key if kind is ApiKeyKind.WRITE else None
    session.add(ApiKey(tenant_id=tenant_id, kind=kind, key_hash=sha256_bytes(key.encode()), value=value, hint=key[-4:]))
    return key
