"""Where sales come from (webhook endpoints) and where they go (Meta datasets)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, SQLModel, Timestamp


class WebhookEndpoint(SQLModel, table=True):
    """One URL a gateway posts to. ``endpoint_key`` is unguessable; the secret is encrypted, bound to this row.

    While a secret is being replaced, ``next_secret`` is accepted beside it; the first webhook that proves it makes it
    the secret. ``secret_ref`` is the vault's reference, if it came from there.
    """

    __tablename__ = "webhook_endpoints"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", index=True)
    gateway: str
    endpoint_key: str = Field(unique=True)
    secret: bytes = Field(sa_type=LargeBinary)
    next_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    secret_ref: str | None = None
    next_secret_ref: str | None = None
    created_at: datetime = CreatedAt()
    disabled_at: datetime | None = Timestamp(default=None)


class ConnectionState(StrEnum):
    ACTIVE = "active"
    ON_HOLD = "on_hold"


class MetaConnection(SQLModel, table=True):
    """One dataset with its token.

    On hold: the token or a permission is bad; deliveries wait and spend no attempt. ``paused_until`` is the circuit
    breaker's or Meta's throttling: nothing is sent before it. ``failure_streak`` counts transient failures in a row.
    ``browser_events`` are the kinds (``BrowserEvent``) forwarded to this dataset; those received before
    ``browser_events_from`` are done with. ``next_access_token`` waits for its check; until then the token in use goes
    on. ``disabled_at`` ends the connection: nothing new is planned for it, and what waits stays.
    ``token_expires_at`` is what Meta last said of the token in use, None for never and for not known;
    ``token_asked_at`` is when it was asked last, None while nobody has asked about this token.
    """

    __tablename__ = "meta_connections"
    __table_args__ = (UniqueConstraint("tenant_id", "dataset_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", index=True)
    dataset_id: str
    access_token: bytes = Field(sa_type=LargeBinary)
    next_access_token: bytes | None = Field(default=None, sa_type=LargeBinary)
    token_ref: str | None = None
    next_token_ref: str | None = None
    token_expires_at: datetime | None = Timestamp(default=None)
    token_asked_at: datetime | None = Timestamp(default=None)
    app_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    test_event_code: str | None = None
    state: str = ConnectionState.ACTIVE
    hold_code: str | None = None
    held_at: datetime | None = Timestamp(default=None)
    paused_until: datetime | None = Timestamp(default=None)
    failure_streak: int = 0
    browser_events: list[str] = Field(
        default=[], sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")}
    )
    browser_events_from: datetime = CreatedAt()
    disabled_at: datetime | None = Timestamp(default=None)
    created_at: datetime = CreatedAt()


class DeliverySlot(SQLModel, table=True):
    """A connection's concurrency limit: a worker sends only while it holds a slot; a dead worker's slot expires."""

    __tablename__ = "delivery_slots"

    connection_id: UUID = Field(primary_key=True, foreign_key="meta_connections.id")
    slot: int = Field(primary_key=True)
    expires_at: datetime = Timestamp()
    holder: UUID
