"""A seller's setup: the session, what was asked of it, what was done and undone, and what everyone may watch.

The setup graph (its checkpoints) decides; these rows are its inbox, its ledger and its projection, never a second
decider. None of them holds a secret in clear: credentials stand as ``secret:<id>``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class SessionState(StrEnum):
    """Where the session stands, as the graph last projected it."""

    CREATED = "created"
    WORKING = "working"
    AWAITING_SELLER = "awaiting_seller"
    AWAITING_APPROVAL = "awaiting_approval"
    DONE = "done"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"  # something could not be undone: a person must look


class SetupSession(SQLModel, table=True):
    """``event_seq`` numbers ``session_events``. Who holds ``lease_owner`` until ``lease_until`` may run the graph;
    ``fence`` grows at every take, and a ledger write with an older one is refused. ``facts`` and ``stages`` are the
    projection that the status is made from. ``contact`` is how a person reaches the seller (``name``, ``email``,
    ``phone`` as JSON), sealed with the tenant's key. A frame of another site shows the status for a token of the
    current ``embed_epoch`` alone."""

    __tablename__ = "setup_sessions"
    __table_args__ = (Index("ix_setup_sessions_tenant", "tenant_id", "created_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    state: str = SessionState.CREATED
    locale: str = "pt_BR"
    created_by: str
    facts: dict[str, Any] = Json(default={})
    stages: dict[str, Any] = Json(default={})
    graph_version: int = 1
    contact: bytes | None = Field(default=None, sa_type=LargeBinary)
    event_seq: int = Field(default=0, sa_type=BigInteger)
    intent_seq: int = Field(default=0, sa_type=BigInteger)
    lease_owner: UUID | None = None
    lease_until: datetime | None = Timestamp(default=None)
    fence: int = Field(default=0, sa_type=BigInteger)
    embed_epoch: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: datetime = CreatedAt()
    updated_at: datetime = CreatedAt()


class IntentState(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    REFUSED = "refused"  # it did not fit the session's state; ``code`` says why


class SetupIntent(SQLModel, table=True):
    """The inbox: one typed wish of the wizard, the chat or the scheduler, taken in order of ``seq``, once for each
    ``client_id``. ``payload`` is checked before it stands here and names secrets by reference only."""

    __tablename__ = "setup_intents"
    __table_args__ = (
        UniqueConstraint("session_id", "seq"),
        UniqueConstraint("session_id", "client_id"),
        Index("ix_setup_intents_queued", "session_id", "seq", postgresql_where=text("state = 'queued'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    seq: int = Field(sa_type=BigInteger)
    client_id: str
    kind: str
    payload: dict[str, Any] = Json(default={})
    actor: str
    state: str = IntentState.QUEUED
    code: str | None = None
    result: dict[str, Any] = Json(default={})
    created_at: datetime = CreatedAt()
    handled_at: datetime | None = Timestamp(default=None)


class MessageRole(StrEnum):
    """``hub`` are sentences of ours with a code; ``assistant`` answers a turn of the chat, by a model or by rules."""

    SELLER = "seller"
    HUB = "hub"
    ASSISTANT = "assistant"
    SUPPORT = "support"


class SetupMessage(SQLModel, table=True):
    """What was said in the session, in order. ``code`` names a sentence of ours; in ``text`` credentials stand as
    ``secret:<id>``, and ``secrets`` says of each ``{reference, kind, last4}``. ``attachments`` are screenshots' ids.
    A seller's message without ``turn_id`` waits for an answer. ``prompt`` (``id@version#hash``) and ``mode`` say what
    wrote an assistant's."""

    __tablename__ = "setup_messages"
    __table_args__ = (
        UniqueConstraint("session_id", "client_id"),
        Index("ix_setup_messages_session", "session_id", "created_at"),
        Index("ix_setup_messages_created", "created_at", postgresql_using="brin"),
        Index(
            "ix_setup_messages_unanswered",
            "session_id",
            "created_at",
            postgresql_where=text("role = 'seller' AND turn_id IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    client_id: str
    role: str
    text: str
    code: str | None = None
    turn_id: UUID | None = None
    mode: str | None = None
    prompt: str | None = None
    attachments: list[str] = Json(default=[])
    secrets: list[dict[str, str]] = Json(default=[])
    created_at: datetime = CreatedAt()


class ActionState(StrEnum):
    """``in_flight`` is written before the provider is called; found again, it is reconciled by reading back."""

    IN_FLIGHT = "in_flight"
    SUCCESS = "success"
    FAILED = "failed"
    UNDONE = "undone"
    UNDO_FAILED = "undo_failed"


class SetupActionLog(SQLModel, table=True):
    """The ledger: every check and every effect, before and after. ``idem`` makes an effect happen once per session.

    ``input`` and ``output`` are masked. ``before`` is what the undo needs, sealed with the tenant's key, because it may
    hold secrets; ``after`` names what was made (ids, never secrets); ``undo_kind`` says how it is undone.
    """

    __tablename__ = "setup_action_logs"
    __table_args__ = (
        UniqueConstraint("session_id", "idem"),
        Index("ix_setup_action_logs_session", "session_id", "started_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    intent_id: UUID | None = None
    action: str
    idem: str
    actor: str
    fence: int = Field(sa_type=BigInteger)
    plan_hash: str | None = None
    position: int | None = None
    state: str = ActionState.IN_FLIGHT
    input: dict[str, Any] = Json(default={})
    output: dict[str, Any] = Json(default={})
    code: str | None = None
    reason: str | None = None
    return_code: int | None = None
    latency_ms: int | None = None
    provider_request_id: str | None = None
    undo_kind: str | None = None
    before: bytes | None = Field(default=None, sa_type=LargeBinary)
    after: dict[str, Any] = Json(default={})
    started_at: datetime = CreatedAt()
    finished_at: datetime | None = Timestamp(default=None)
    undone_at: datetime | None = Timestamp(default=None)


class SetupFailure(SQLModel, table=True):
    """How often one step failed in one way since it last went well. Only what counts against our help is counted:
    no provider's outage and none of our model's."""

    __tablename__ = "setup_failures"

    session_id: UUID = Field(primary_key=True, foreign_key="setup_sessions.id")
    step: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    count: int
    last_intent_id: UUID  # counted once for each intent, however often its node runs
    first_at: datetime = CreatedAt()
    last_at: datetime = CreatedAt()


class SessionEvent(SQLModel, table=True):
    """What anyone watching the session sees, numbered in commit order; only the words told on the way to an answer go
    again, when it is whole. ``data`` holds no secret."""

    __tablename__ = "session_events"
    __table_args__ = (Index("ix_session_events_created", "created_at", postgresql_using="brin"),)

    session_id: UUID = Field(primary_key=True, foreign_key="setup_sessions.id")
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    type: str
    data: dict[str, Any] = Json(default={})
    created_at: datetime = CreatedAt()


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # the facts changed under it


class SetupApproval(SQLModel, table=True):
    """One plan shown to a person: the text and hash they decide on, and the graph's interrupt that waits for it."""

    __tablename__ = "setup_approvals"
    __table_args__ = (
        Index("ix_setup_approvals_pending", "expires_at", postgresql_where=text("state = 'pending'")),
        UniqueConstraint("session_id", "interrupt_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    session_id: UUID = Field(foreign_key="setup_sessions.id")
    tenant_id: UUID = Field(foreign_key="tenants.id")
    plan_hash: str
    interrupt_id: str
    plan: dict[str, Any] = Json(default={})
    state: str = ApprovalState.PENDING
    requested_at: datetime = CreatedAt()
    expires_at: datetime = Timestamp()
    decided_at: datetime | None = Timestamp(default=None)
    decided_by: str | None = None


class ConfigurationState(StrEnum):
    ACTIVE = "active"
    SUPERSEDED = "superseded"
    ROLLED_BACK = "rolled_back"


class TrackingConfiguration(SQLModel, table=True):
    """A version of a tenant's tracking configuration; at most one is active. ``spec`` names secrets by reference."""

    __tablename__ = "tracking_configurations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "version"),
        Index("uq_tracking_configurations_active", "tenant_id", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    version: int
    state: str = ConfigurationState.ACTIVE
    spec: dict[str, Any] = Json(default={})
    plan_hash: str
    session_id: UUID | None = Field(default=None, foreign_key="setup_sessions.id")
    created_at: datetime = CreatedAt()
    activated_at: datetime | None = Timestamp(default=None)
    ended_at: datetime | None = Timestamp(default=None)
