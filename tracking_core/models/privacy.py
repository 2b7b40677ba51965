"""What people asked to be erased, and by what their webhooks are found without opening each."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, MovedAt, SQLModel, Timestamp


class PrivacyState(StrEnum):
    """``planned`` waits for an approval, ``running`` is due work; the others are ends."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    REMAINS = "remains"  # the search found something yet: a person must look
    FAILED = "failed"  # a defect of ours met it again and again
    EXPIRED = "expired"  # nobody approved it in time
    CLOSED = "closed"  # the shop was closed meanwhile: all of its people go (``retention.closed``)


class PrivacyRequest(SQLModel, table=True):
    """One request about one person of one tenant. ``fingerprint`` is the identifier keyed with the tenant's data key.

    ``sealed`` is the identifier and what was found by it, encrypted with that key, until the request ends. ``plan`` is
    ``{items, shared, kept_accounts}``, counts only, and ``plan_hash`` what is approved. ``progress`` is rows by step;
    ``receipt`` counts and hashes. ``passes`` is how often the steps were gone through, ``searches`` how often every
    column was searched after them.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (
        Index(
            "uq_privacy_requests_open",
            "tenant_id",
            "kind",
            "fingerprint",
            unique=True,
            postgresql_where=text("state IN ('planned', 'running')"),
        ),
        Index("ix_privacy_requests_due", "approved_at", postgresql_where=text("state = 'running'")),
        Index("ix_privacy_requests_listing", "tenant_id", "created_at"),
        Index("ix_privacy_requests_unfinished", "finished_at", postgresql_where=text("state IN ('failed', 'remains')")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    kind: str
    fingerprint: str
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: str = PrivacyState.PLANNED
    plan: dict[str, Any] = Json(default={})
    plan_hash: str
    requested_by: str
    approved_by: str | None = None
    approved_at: datetime | None = Timestamp(default=None)
    progress: dict[str, Any] = Json(default={})
    passes: int = 0
    searches: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    failures: int = 0
    receipt: dict[str, Any] = Json(default={})
    created_at: datetime = CreatedAt()
    expires_at: datetime = Timestamp()
    finished_at: datetime | None = Timestamp(default=None)
    moved_at: datetime | None = MovedAt()


class WebhookKeys(SQLModel, table=True):
    """Whose a webhook is: fingerprints of the buyer (``buyer.email:...``) and of whoever else stands in it
    (``said.email:...``), keyed with the tenant's data key. A webhook without a row was not looked through yet."""

    __tablename__ = "privacy_webhook_keys"
    __table_args__ = (Index("ix_privacy_webhook_keys_keys", "keys", postgresql_using="gin"),)

    webhook_id: UUID = Field(primary_key=True, sa_column_args=[ForeignKey("received_webhooks.id", ondelete="CASCADE")])
    tenant_id: UUID = Field(foreign_key="tenants.id", index=True)
    keys: list[str] = Field(default=[], sa_type=ARRAY(Text))
