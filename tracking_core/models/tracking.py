"""What the browser told us. Partitioned by week of ``received_at``, so that retention drops whole partitions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import INET

from tracking_core.kit.ids import new_id
from tracking_core.models.base import Field, Json, SQLModel, Timestamp


class TrackingKind(StrEnum):
    CLICK = "click"
    PAGEVIEW = "pageview"
    INITIATE_CHECKOUT = "initiate_checkout"
    CONSENT = "consent"


class BrowserEvent(StrEnum):
    """The kinds that a connection may forward to Meta."""

    PAGEVIEW = TrackingKind.PAGEVIEW.value
    INITIATE_CHECKOUT = TrackingKind.INITIATE_CHECKOUT.value


# A query uses the index below only if it repeats this text: a bound list of kinds proves nothing to the planner.
IS_FORWARDABLE = "kind IN ('pageview', 'initiate_checkout') AND is_bot = 0"


def _lookup(column: str) -> Index:
    return Index(
        f"ix_tracking_events_{column}",
        "tenant_id",
        column,
        postgresql_where=text(f"{column} IS NOT NULL"),
    )


class TrackingEvent(SQLModel, table=True):
    """One browser event. E-mail and phone are SHA-256 of Meta's normal form; ``details`` holds UTMs and the rest."""

    __tablename__ = "tracking_events"
    __table_args__ = (
        _lookup("click_id"),
        _lookup("session_id"),
        _lookup("email_hash"),
        _lookup("phone_hash"),
        _lookup("client_ip"),
        Index("ix_tracking_events_forwardable", "tenant_id", "received_at", postgresql_where=text(IS_FORWARDABLE)),
        Index("ix_tracking_events_received", "received_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    received_at: datetime = Timestamp(primary_key=True)
    tenant_id: UUID
    kind: str
    event_id: str
    click_id: str | None = None
    session_id: str | None = None
    email_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    client_ip: str | None = Field(default=None, sa_type=INET)
    user_agent: str | None = None
    url: str
    referrer: str | None = None
    fbc: str | None = None
    fbp: str | None = None
    consent_ads: bool | None = None
    is_bot: int = Field(default=0, sa_type=SmallInteger)
    details: dict[str, str] | None = Json(default=None)


class DedupeEntry(SQLModel, table=True):
    """Everything that may happen only once: ``key`` is a stable id of what was claimed, ``scope`` its kind. A sale is
    claimed for ever, a browser event for longer than it is kept (``retention``)."""

    __tablename__ = "dedupe_registry"
    __table_args__ = (
        Index(
            "ix_dedupe_registry_events",
            "claimed_at",
            postgresql_using="brin",
            postgresql_with={"autosummarize": "on"},
            postgresql_where=text("scope = 'tracking'"),
        ),
    )

    tenant_id: UUID = Field(primary_key=True)
    key: UUID = Field(primary_key=True)
    scope: str
    claimed_at: datetime = Timestamp()


class Consent(SQLModel, table=True):
    """People who refused at least once, and what they say today. ``subject`` is a stable id of an identifier.

    Kept apart from the events because a refusal must outlive their retention.
    """

    __tablename__ = "consents"

    tenant_id: UUID = Field(primary_key=True)
    subject: UUID = Field(primary_key=True)
    granted: bool
    changed_at: datetime = Timestamp()
