"""Objectives, what is counted for them, the alerts they raise, and whom these are told.

``tenant_id`` None: of the whole hub. ``objective`` is a code of ``tracking_core.alerts.registry``; ``scope`` is what of
the tenant it is about (the id of a connection, an endpoint or a case, the name of a queue), or "".
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp
from tracking_core.models.delivery import Delivery
from tracking_core.models.sale import ReceivedWebhook
from tracking_core.models.setup import SetupActionLog


class Severity(StrEnum):
    """``page`` wakes somebody; ``ticket`` is for the next working day."""

    PAGE = "page"
    TICKET = "ticket"

    @property
    def rank(self) -> int:
        return 1 if self is Severity.PAGE else 0


class AlertState(StrEnum):
    OPEN = "open"
    RECOVERED = "recovered"


class Alert(SQLModel, table=True):
    """One incident of one objective. ``opened_at`` is its first opening, ``flaps`` how often it came back soon after it
    had recovered, ``openings`` how often there was one to tell: the first, each flap, and when a ticket became a page.

    While open: ``last_seen_at`` is when it was last seen to be so, ``clear_since`` since when it is seen no more.
    ``silenced_until``: nobody is told before. ``facts`` are numbers (``alerts.findings``), never about a person."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_open",
            "tenant_id",
            "objective",
            "scope",
            unique=True,
            postgresql_where=text("state = 'open'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_alerts_tenant", "tenant_id", "opened_at"),
        Index("ix_alerts_opened", "opened_at", "id"),
        Index("ix_alerts_recovered", "recovered_at", postgresql_where=text("state = 'recovered'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenants.id")
    objective: str
    scope: str = ""
    severity: str
    state: str = AlertState.OPEN
    openings: int = 1
    flaps: int = 0
    opened_at: datetime = Timestamp()
    last_seen_at: datetime = Timestamp()
    clear_since: datetime | None = Timestamp(default=None)
    recovered_at: datetime | None = Timestamp(default=None)
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = Timestamp(default=None)
    silenced_until: datetime | None = Timestamp(default=None)
    facts: dict[str, Any] = Json(default={})


class ChannelKind(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"


class AlertChannel(SQLModel, table=True):
    """Where alerts are told. ``target`` (an address, a URL that is a secret) is sealed with the tenant's key, the hub's
    own with the master key; ``hint`` is all of it that is shown."""

    __tablename__ = "alert_channels"
    __table_args__ = (Index("ix_alert_channels_tenant", "tenant_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenants.id")
    kind: str
    target: bytes = Field(sa_type=LargeBinary)
    hint: str
    min_severity: str = Severity.TICKET
    enabled: bool = True
    created_at: datetime = CreatedAt()
    last_ok_at: datetime | None = Timestamp(default=None)
    last_error: str | None = None


class AlertMessageKind(StrEnum):
    OPENED = "opened"
    RECOVERED = "recovered"
    REMINDER = "reminder"


class AlertMessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"  # given up after the last try


class AlertMessage(SQLModel, table=True):
    """The outbox: one message to one channel, committed with what it tells. ``n`` is the opening it is about, or of
    reminders their number: each is made once, whoever evaluates."""

    __tablename__ = "alert_messages"
    __table_args__ = (
        UniqueConstraint("alert_id", "channel_id", "kind", "n"),
        Index("ix_alert_messages_due", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    alert_id: UUID = Field(foreign_key="alerts.id")
    channel_id: UUID = Field(foreign_key="alert_channels.id", index=True)
    kind: str
    n: int = 1
    state: str = AlertMessageState.WAITING
    attempts: int = 0
    due_at: datetime = CreatedAt()
    lease_until: datetime | None = Timestamp(default=None)
    error: str | None = None
    created_at: datetime = CreatedAt()
    sent_at: datetime | None = Timestamp(default=None)


class AlertSilence(SQLModel, table=True):
    """Maintenance: what opens meanwhile is recorded and told to nobody. ``tenant_id`` None: of everything;
    ``objective`` None: of every objective."""

    __tablename__ = "alert_silences"
    __table_args__ = (Index("ix_alert_silences_ends", "ends_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenants.id")
    objective: str | None = None
    starts_at: datetime = Timestamp()
    ends_at: datetime = Timestamp()
    reason: str
    created_by: str
    created_at: datetime = CreatedAt()


class ObjectiveSetting(SQLModel, table=True):
    """What a tenant, or the hub, set otherwise. ``overrides`` are the numbers that differ from the defaults."""

    __tablename__ = "objective_settings"
    __table_args__ = (UniqueConstraint("tenant_id", "objective", postgresql_nulls_not_distinct=True),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenants.id")
    objective: str
    overrides: dict[str, float] = Json(default={})
    enabled: bool = True
    updated_at: datetime = CreatedAt()
    updated_by: str


def _counts(table: str) -> tuple[Index, ...]:
    """Unique per counted thing and time; those with something bad are found without reading the others."""
    key = ("objective", "tenant_id", "at", "scope")
    return (
        Index(f"uq_{table}", *key, unique=True, postgresql_nulls_not_distinct=True),
        Index(f"ix_{table}_bad", "objective", "at", postgresql_where=text("good < total")),
        Index(f"ix_{table}_at", "at"),
    )


class SloMinute(SQLModel, table=True):
    """How much of what began in one minute was good, counted from the rows themselves and written over when counted
    again. ``excused`` is what would have been bad and is not counted, for it was not the hub's to deliver."""

    __tablename__ = "slo_minutes"
    __table_args__ = _counts("slo_minutes")

    id: UUID = Field(default_factory=new_id, primary_key=True)
    objective: str
    tenant_id: UUID | None = None
    scope: str = ""
    at: datetime = Timestamp()
    good: int = 0
    total: int = 0
    excused: int = 0


class SloHour(SQLModel, table=True):
    """The sums of the hour's minutes, kept for the month."""

    __tablename__ = "slo_hours"
    __table_args__ = _counts("slo_hours")

    id: UUID = Field(default_factory=new_id, primary_key=True)
    objective: str
    tenant_id: UUID | None = None
    scope: str = ""
    at: datetime = Timestamp()
    good: int = 0
    total: int = 0
    excused: int = 0


class AlertProgress(SQLModel, table=True):
    """Until when each part of the evaluation has come. Whoever evaluates locks its row: two never do at once."""

    __tablename__ = "alert_progress"

    name: str = Field(primary_key=True)
    at: datetime = Timestamp()


# What the objectives read of the tables of others; the first is read by processes of the version before this one.
Index(
    "ix_setup_action_logs_token_checks",
    SetupActionLog.__table__.c.tenant_id,  # type: ignore[attr-defined]
    SetupActionLog.__table__.c.started_at,  # type: ignore[attr-defined]
    postgresql_where=text("action = 'validate_meta_token' AND state = 'success'"),
)
Index("ix_deliveries_died", Delivery.__table__.c.died_at, postgresql_where=text("state = 'dead'"))  # type: ignore[attr-defined]
Index(
    "ix_received_webhooks_heard",
    ReceivedWebhook.__table__.c.endpoint_id,  # type: ignore[attr-defined]
    ReceivedWebhook.__table__.c.received_at,  # type: ignore[attr-defined]
)
