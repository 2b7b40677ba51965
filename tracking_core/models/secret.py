"""Credentials in the vault, and who used them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, SQLModel, Timestamp


class SecretKind(StrEnum):
    """What a credential is for; a reference opens only for its own kind."""

    GATEWAY_CLIENT_ID = "gateway_client_id"
    GATEWAY_CLIENT_SECRET = "gateway_client_secret"  # noqa: S105 - the kind's name
    GATEWAY_BASIC = "gateway_basic"
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 - Hotmart's hottok, Kiwify's webhook token
    META_ACCESS_TOKEN = "meta_access_token"  # noqa: S105
    META_APP_SECRET = "meta_app_secret"  # noqa: S105
    UNKNOWN = "unknown"  # found in a chat and kept from everyone; it opens for nothing


class SecretState(StrEnum):
    UNVERIFIED = "unverified"  # ends at ``expires_at``
    VERIFIED = "verified"
    REVOKED = "revoked"  # its value is gone


class VaultSecret(SQLModel, table=True):
    """One credential, known outside as ``secret:<id>``. The value is in ``sealed`` (backend ``local``) or at
    ``external_ref`` in the manager that ``backend`` names. ``fingerprint`` is keyed with the tenant's data key, so
    equal values of one tenant can be seen to be equal and nothing else can be told from it."""

    __tablename__ = "vault_secrets"
    __table_args__ = (
        Index("ix_vault_secrets_tenant", "tenant_id", "created_at"),
        Index("ix_vault_secrets_expiring", "expires_at", postgresql_where=text("state = 'unverified'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    session_id: UUID | None = Field(default=None, index=True)
    kind: str
    backend: str = "local"
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    external_ref: str | None = None
    fingerprint: str
    last4: str
    state: str = SecretState.UNVERIFIED
    created_by: str
    created_at: datetime = CreatedAt()
    expires_at: datetime | None = Timestamp(default=None)
    verified_at: datetime | None = Timestamp(default=None)
    revoked_at: datetime | None = Timestamp(default=None)


class SecretAccess(SQLModel, table=True):
    """Append-only: who opened which credential, for what."""

    __tablename__ = "secret_accesses"
    __table_args__ = (Index("ix_secret_accesses_at", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    secret_id: UUID = Field(index=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    actor: str
    purpose: str
    at: datetime = CreatedAt()
