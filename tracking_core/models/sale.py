"""From the raw webhook to the conversion and its match."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class WebhookState(StrEnum):
    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"  # authentic, kept, and not what its gateway documents


class ReceivedWebhook(SQLModel, table=True):
    """An authentic delivery, byte for byte (encrypted). ``body_digest`` makes a repeat a no-op. When its retention
    ends, ``body`` is empty.

    ``received`` and ``due_at`` make the row its own outbox: work is due until another state says otherwise.
    ``trace_context`` is the span of the request that brought it (telemetry/context.py).
    """

    __tablename__ = "received_webhooks"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "body_digest"),
        Index("ix_received_webhooks_due", "due_at", postgresql_where=text("state = 'received'")),
        Index("ix_received_webhooks_kept", "received_at", postgresql_where=text("octet_length(body) > 0")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", index=True)
    endpoint_id: UUID = Field(foreign_key="webhook_endpoints.id")
    gateway: str
    body: bytes = Field(sa_type=LargeBinary)
    body_digest: bytes = Field(sa_type=LargeBinary)
    state: str = WebhookState.RECEIVED
    reason: str | None = None
    attempts: int = 0
    received_at: datetime = CreatedAt()
    due_at: datetime = CreatedAt()
    processed_at: datetime | None = Timestamp(default=None)
    trace_context: bytes | None = Field(default=None, sa_type=LargeBinary)


class ConversionStatus(StrEnum):
    """How far the sale got. The order is the rank: a state never goes back."""

    PENDING = "pending"
    REFUSED = "refused"
    EXPIRED = "expired"
    APPROVED = "approved"
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"

    @property
    def rank(self) -> int:
        return list(ConversionStatus).index(self)


# The money went back.
UNDONE_STATUSES = (ConversionStatus.REFUNDED, ConversionStatus.CHARGEBACK)
IS_UNDONE = f"status IN ('{ConversionStatus.REFUNDED}', '{ConversionStatus.CHARGEBACK}')"


class Decision(StrEnum):
    """What was decided about telling Meta. ``planned`` has deliveries; the others have none."""

    UNDECIDED = "undecided"  # not paid yet, or, until ``rematch_at``, its late click may bring the consent it lacks
    PLANNED = "planned"
    WITHHELD = "withheld"
    DUPLICATE = "duplicate"


# A query uses the index of these only if it repeats this text.
SAYS_WHO = "user_data <> '{}'::jsonb OR facts <> '{}'::jsonb OR consent_subjects <> '{}'::uuid[]"


class Conversion(SQLModel, table=True):
    """One sale of one endpoint. Money is exact; the buyer is kept only as Meta's hashes (``user_data``), until
    retention ends that: then nothing in the row says who it was, and the sale still counts."""

    __tablename__ = "conversions"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "sale_id"),
        Index("ix_conversions_listing", "tenant_id", "created_at"),
        # Those of the operations console, which reads over all tenants.
        Index("ix_conversions_created", "created_at", "id"),
        Index("ix_conversions_subjects", "consent_subjects", postgresql_using="gin"),
        Index("ix_conversions_sale_id", "sale_id", postgresql_ops={"sale_id": "text_pattern_ops"}),
        Index("ix_conversions_rematch", "rematch_at", postgresql_where=text("rematch_at IS NOT NULL")),
        Index("ix_conversions_kept", "occurred_at", postgresql_where=text(SAYS_WHO)),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    endpoint_id: UUID = Field(foreign_key="webhook_endpoints.id")
    gateway: str
    sale_id: str
    parent_sale_id: str | None = None
    status: str
    event_name: str
    event_id: UUID = Field(index=True)
    occurred_at: datetime = Timestamp()
    approved_at: datetime | None = Timestamp(default=None)
    amount: Decimal | None = Field(default=None, max_digits=18, decimal_places=4)
    currency: str | None = Field(default=None, max_length=3)
    payment_method: str | None = None
    product_id: str | None = None
    product_name: str | None = None
    is_renewal: bool = False
    is_order_bump: bool = False
    user_data: dict[str, Any] = Json(default={})
    facts: dict[str, Any] = Json(default={})
    consent_subjects: list[UUID] = Field(default=[], sa_type=ARRAY(PG_UUID(as_uuid=True)))
    consent_ads: bool | None = None
    decision: str = Decision.UNDECIDED
    decision_reason: str | None = None
    rematch_at: datetime | None = Timestamp(default=None)
    is_synthetic: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    # The root of the sale's one trace: the request of its first webhook.
    trace_context: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = CreatedAt()
    updated_at: datetime = CreatedAt()


class SaleEventRow(SQLModel, table=True):
    """Every normalised notification, unique per gateway event, so that a repeat is seen as one. What it led to is the
    reason of its webhook."""

    __tablename__ = "sale_events"
    __table_args__ = (UniqueConstraint("endpoint_id", "external_event_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    endpoint_id: UUID
    webhook_id: UUID = Field(index=True)
    conversion_id: UUID | None = Field(default=None, index=True)
    external_event_id: str
    kind: str
    occurred_at: datetime = Timestamp()
    created_at: datetime = CreatedAt()


class Match(SQLModel, table=True):
    """Which click a sale came from, and why: the rule, the score, every candidate considered, what was missing."""

    __tablename__ = "matches"
    __table_args__ = (Index("ix_matches_matched", "matched_at", postgresql_using="brin"),)

    conversion_id: UUID = Field(primary_key=True, foreign_key="conversions.id")
    tenant_id: UUID
    rule: str
    score: Decimal = Field(default=Decimal(0), max_digits=4, decimal_places=3)
    threshold: Decimal = Field(max_digits=4, decimal_places=3)
    tracking_event_id: UUID | None = None
    click_id: str | None = None
    candidates: list[dict[str, Any]] = Json(default=[])
    missing: list[str] = Json(default=[])
    matched_at: datetime = CreatedAt()


class SyntheticSale(SQLModel, table=True):
    """A made-up sale of ours that proves a setup, announced before its webhook is sent: whoever asks for this sale id
    may be told it is no sale. Its delivery carries ``test_event_code``."""

    __tablename__ = "synthetic_sales"

    tenant_id: UUID = Field(primary_key=True, foreign_key="tenants.id")
    gateway: str = Field(primary_key=True)
    sale_id: str = Field(primary_key=True)
    session_id: UUID | None = None
    connection_id: UUID | None = None
    test_event_code: str
    created_at: datetime = CreatedAt()
