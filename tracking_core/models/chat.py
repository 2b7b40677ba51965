"""The chat of a setup: its turns, and the screenshots sent to it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class ChatMode(StrEnum):
    """Who words the answers: a language model, or the hub's own rules while none can be reached."""

    AI = "ai"
    BASIC = "basic"


class SetupChat(SQLModel, table=True):
    """The chat of one session while a worker holds it: a lease and a fence of its own, beside the setup's. ``mode`` is
    how the last turn was answered, ``prompt`` by which words of ours."""

    __tablename__ = "setup_chats"

    session_id: UUID = Field(primary_key=True, foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    mode: str | None = None
    prompt: str | None = None
    lease_owner: UUID | None = None
    lease_until: datetime | None = Timestamp(default=None)
    fence: int = Field(default=0, sa_type=BigInteger)


class TurnState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    DISCARDED = "discarded"  # a person took the session before it was said
    FAILED = "failed"  # a defect of ours met it again and again; the seller was told


class SetupTurn(SQLModel, table=True):
    """One answer to one or more messages that came together. At most one runs in a session. ``calls``, ``input_tokens``
    and ``output_tokens`` are what the model cost; ``fallback`` says why rules answered instead."""

    __tablename__ = "setup_turns"
    __table_args__ = (
        Index("uq_setup_turns_running", "session_id", unique=True, postgresql_where=text("state = 'running'")),
        Index("ix_setup_turns_session", "session_id", "started_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    state: str = TurnState.RUNNING
    mode: str | None = None
    fallback: str | None = None
    model: str | None = None
    prompt: str | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    failures: int = 0
    started_at: datetime = CreatedAt()
    finished_at: datetime | None = Timestamp(default=None)


class ScreenshotState(StrEnum):
    KEPT = "kept"
    READ = "read"
    DISCARDED = "discarded"  # a secret was visible, or its time was over: the picture is gone


class SetupScreenshot(SQLModel, table=True):
    """A picture of the seller's screen, drawn anew by us and sealed with the tenant's key until ``expires_at``.
    ``extraction`` is what was read from it, by a fixed schema, and never an instruction."""

    __tablename__ = "setup_screenshots"
    __table_args__ = (
        Index("ix_setup_screenshots_session", "session_id", "created_at"),
        Index("ix_setup_screenshots_expiring", "expires_at", postgresql_where=text("sealed IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    state: str = ScreenshotState.KEPT
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    digest: str
    width: int
    height: int
    bytes: int
    extraction: dict[str, object] = Json(default={})
    reason: str | None = None
    created_by: str
    created_at: datetime = CreatedAt()
    expires_at: datetime = Timestamp()
