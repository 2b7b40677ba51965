"""A setup in the hands of a person, and what is sent to people about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class HandoffState(StrEnum):
    """``open`` waits for a person and the agent still answers; ``taken`` is a person's, and the agent is silent."""

    OPEN = "open"
    TAKEN = "taken"
    RETURNED = "returned"  # given back to the agent
    RESOLVED = "resolved"


class SetupHandoff(SQLModel, table=True):
    """One case. At most one is open or taken in a session: what comes later is added. ``package`` is the case file
    in the schema of ``package_version``, without secrets and without the seller's contact, which stays sealed with the
    session; ``sentences`` are its own sentences in the other languages, by locale. ``notes`` are what people said and
    did, newest last."""

    __tablename__ = "setup_handoffs"
    __table_args__ = (
        Index("uq_setup_handoffs_open", "session_id", unique=True, postgresql_where=text("state IN ('open', 'taken')")),
        Index(
            "ix_setup_handoffs_due",
            "due_at",
            postgresql_where=text("state IN ('open', 'taken') AND breached_at IS NULL"),
        ),
        Index("ix_setup_handoffs_tenant", "tenant_id", "created_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    state: str = HandoffState.OPEN
    reason: str
    priority: str
    package: dict[str, Any] = Json(default={})
    package_version: int = 1
    sentences: dict[str, Any] = Json(default={}, sa_column_kwargs={"server_default": text("'{}'")})
    prompt: str | None = None
    notes: list[dict[str, Any]] = Json(default=[])
    owner: str | None = None
    due_at: datetime = Timestamp()
    breached_at: datetime | None = Timestamp(default=None)
    taken_at: datetime | None = Timestamp(default=None)
    closed_at: datetime | None = Timestamp(default=None)
    created_at: datetime = CreatedAt()
    updated_at: datetime = CreatedAt()


class DeskPresence(SQLModel, table=True):
    """Who looks at a case, and when they were there last."""

    __tablename__ = "desk_presence"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012

    handoff_id: UUID = Field(foreign_key="setup_handoffs.id", primary_key=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    seen_at: datetime = Timestamp()


class NotificationState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  # given up after the last try; a person has to look


class Notification(SQLModel, table=True):
    """The outbox: one message to one channel, committed with what it tells. ``external`` is what the channel named it
    (a conversation's id), so that what follows goes to the same place."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("handoff_id", "channel", "key"),
        Index("ix_notifications_due", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    handoff_id: UUID = Field(foreign_key="setup_handoffs.id")
    channel: str
    kind: str
    key: str
    payload: dict[str, Any] = Json(default={})
    state: str = NotificationState.WAITING
    attempts: int = 0
    due_at: datetime = CreatedAt()
    lease_until: datetime | None = Timestamp(default=None)
    error: str | None = None
    external: dict[str, Any] = Json(default={})
    created_at: datetime = CreatedAt()
    sent_at: datetime | None = Timestamp(default=None)
