"""What is to reach Meta, and every attempt at it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class DeliveryState(StrEnum):
    """``waiting`` and ``retrying`` are due at ``due_at``; the others are ends, until someone replays a dead one."""

    WAITING = "waiting"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    WITHHELD = "withheld"
    DEAD = "dead"


OPEN_STATES = (DeliveryState.WAITING, DeliveryState.RETRYING)


class Delivery(SQLModel, table=True):
    """One event for one dataset, sent under one ``event_id`` for ever.

    ``payload`` is the event's JSON as it goes out (hashed), empty once its retention ended. ``leased_at`` is set while
    a worker sends it; a lease found expired means the worker died and the attempt is ambiguous. A browser event has no
    conversion; the ids of its person stand in ``consent_subjects``, to be asked again when it is sent.
    ``test_event_code`` goes before the connection's own. ``died_at`` is its last death; ``replay_id`` the last replay
    that made it due again.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("connection_id", "event_name", "event_id"),
        Index(
            "ix_deliveries_due", "connection_id", "due_at", postgresql_where=text("state IN ('waiting', 'retrying')")
        ),
        Index(
            "ix_deliveries_due_sales",
            "connection_id",
            "due_at",
            postgresql_where=text("state IN ('waiting', 'retrying') AND conversion_id IS NOT NULL"),
        ),
        Index("ix_deliveries_dead", "tenant_id", "created_at", postgresql_where=text("state = 'dead'")),
        Index("ix_deliveries_listing", "tenant_id", "created_at"),
        Index("ix_deliveries_created", "created_at", "id"),
        Index(
            "ix_deliveries_delivered",
            "tenant_id",
            "delivered_at",
            postgresql_where=text("delivered_at IS NOT NULL"),
        ),
        # With those of the dead and the due, all sales that did not arrive.
        Index(
            "ix_deliveries_withheld",
            "tenant_id",
            "conversion_id",
            postgresql_where=text("state = 'withheld' AND conversion_id IS NOT NULL"),
        ),
        Index("ix_deliveries_replay", "replay_id", postgresql_where=text("replay_id IS NOT NULL")),
        Index("ix_deliveries_kept", "event_time", postgresql_where=text("octet_length(payload) > 0")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    connection_id: UUID = Field(foreign_key="meta_connections.id")
    conversion_id: UUID | None = Field(default=None, index=True)
    event_name: str
    event_id: str
    event_time: datetime = Timestamp()
    consent_subjects: list[UUID] | None = Field(default=None, sa_type=ARRAY(PG_UUID(as_uuid=True)))
    payload: bytes = Field(sa_type=LargeBinary)
    test_event_code: str | None = None
    state: str = DeliveryState.WAITING
    reason: str | None = None
    attempts: int = 0
    due_at: datetime = CreatedAt()
    leased_at: datetime | None = Timestamp(default=None)
    lease_id: UUID | None = None
    first_ambiguous_at: datetime | None = Timestamp(default=None)
    delivered_at: datetime | None = Timestamp(default=None)
    died_at: datetime | None = Timestamp(default=None)
    replay_id: UUID | None = Field(default=None, foreign_key="replays.id")
    created_at: datetime = CreatedAt()


class DispatchAttempt(SQLModel, table=True):
    """One try of one delivery in one request; never updated, but that retention ends ``response``, which is masked and
    at most 2 KB."""

    __tablename__ = "dispatch_attempts"
    __table_args__ = (
        Index("ix_dispatch_attempts_started", "started_at", postgresql_using="brin"),
        Index("ix_dispatch_attempts_kept", "started_at", postgresql_where=text("response IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    delivery_id: UUID = Field(index=True)
    tenant_id: UUID
    connection_id: UUID
    request_id: UUID
    batch_size: int
    started_at: datetime = Timestamp()
    latency_ms: int
    outcome: str
    http_status: int | None = None
    code: int | None = None
    subcode: int | None = None
    fbtrace_id: str | None = None
    api_version: str | None = None
    request_digest: str | None = None
    response: str | None = None
    ambiguous: bool = False


class AuditEntry(SQLModel, table=True):
    """Append-only: who did what to which thing. ``details`` holds ids and counts, never personal data."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_tenant", "tenant_id", "created_at"),
        Index("ix_audit_log_created", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = None
    actor: str
    action: str
    subject: str
    details: dict[str, Any] = Json(default={})
    created_at: datetime = CreatedAt()
