"""What the gateways' own lists of sales say, read by runs, and what of it the webhooks had never brought."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, MovedAt, SQLModel, Timestamp


class RunKind(StrEnum):
    """Why a run was made: the two rounds of the scheduler, or somebody asked."""

    HOURLY = "hourly"
    DAILY = "daily"
    ASKED = "asked"


class RunState(StrEnum):
    """``comparing``: every page is read, and what it brought is on its way through the pipeline."""

    READING = "reading"
    COMPARING = "comparing"
    DONE = "done"
    FAILED = "failed"


class ReconciliationRun(SQLModel, table=True):
    """One reading of a gateway's list of the sales ordered from ``since`` on and before ``until``.

    Work is due at ``due_at`` while it is neither done nor failed; ``part`` and ``page`` (the vendor's own token, None
    for the first) say where the reading goes on after whatever happened to its worker. ``scheduled_for`` makes two
    schedulers plan a round once. ``found = known + missing + changed`` are paid sales of the list; ``recovered`` of the
    missing are in the ledger now. ``unreadable`` items were kept and are no sale. ``totals`` are
    ``{status, currency, theirs, theirs_total, ours, ours_total}`` for each status and currency, amounts as text.
    ``credential_ref`` is the vault's reference that was used; ``code`` says what was wrong last.
    """

    __tablename__ = "reconciliation_runs"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "kind", "scheduled_for"),
        Index("ix_reconciliation_runs_listing", "tenant_id", "created_at", "id"),
        Index("ix_reconciliation_runs_created", "created_at", "id"),
        Index("ix_reconciliation_runs_endpoint", "endpoint_id", "finished_at"),
        Index("ix_reconciliation_runs_due", "due_at", postgresql_where=text("state IN ('reading', 'comparing')")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    endpoint_id: UUID = Field(foreign_key="webhook_endpoints.id")
    gateway: str
    kind: str
    actor: str
    since: datetime = Timestamp()
    until: datetime = Timestamp()
    scheduled_for: datetime | None = Timestamp(default=None)
    state: str = RunState.READING
    part: int = 0
    page: str | None = None
    pages: int = 0
    attempts: int = 0
    due_at: datetime = CreatedAt()
    code: str | None = None
    reason: str | None = None
    credential_ref: str | None = None
    found: int = 0
    known: int = 0
    missing: int = 0
    recovered: int = 0
    changed: int = 0
    unreadable: int = 0
    differences: int | None = None
    totals: list[dict[str, Any]] = Json(default=[])
    lease_owner: UUID | None = None
    lease_until: datetime | None = Timestamp(default=None)
    fence: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime = CreatedAt()
    finished_at: datetime | None = Timestamp(default=None)
    moved_at: datetime | None = MovedAt()


class GatewaySale(SQLModel, table=True):
    """The gateway's last word on a paid sale. ``status`` is of the ledger's words, ``said_status`` the gateway's own;
    ``seen_at`` is when its list last had it."""

    __tablename__ = "gateway_sales"
    __table_args__ = (
        Index("ix_gateway_sales_ordered", "endpoint_id", "ordered_at"),
        Index("ix_gateway_sales_sale", "tenant_id", "sale_id"),
    )

    endpoint_id: UUID = Field(primary_key=True, foreign_key="webhook_endpoints.id")
    sale_id: str = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    status: str
    said_status: str
    amount: Decimal | None = Field(default=None, max_digits=18, decimal_places=4)
    currency: str | None = Field(default=None, max_length=3)
    ordered_at: datetime = Timestamp()
    seen_at: datetime = Timestamp()


class BackfillReason(StrEnum):
    """Why an item of the list was put among the received webhooks."""

    MISSING = "missing"  # no webhook had brought the sale
    CHANGED = "changed"  # no webhook had brought its newer status
    UNREADABLE = "unreadable"


class BackfilledItem(SQLModel, table=True):
    """A row of ``received_webhooks`` that came from a gateway's list and from no webhook: that is its origin."""

    __tablename__ = "backfilled_items"
    __table_args__ = (
        Index("ix_backfilled_items_run", "run_id"),
        Index("ix_backfilled_items_sale", "tenant_id", "sale_id"),
    )

    webhook_id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    endpoint_id: UUID = Field(foreign_key="webhook_endpoints.id")
    run_id: UUID = Field(foreign_key="reconciliation_runs.id")
    reason: str
    sale_id: str | None = None
    problem: str | None = None
    created_at: datetime = CreatedAt()


class ErasedSale(SQLModel, table=True):
    """A sale that was erased on request, so that no list and no webhook brings it back. ``fingerprint`` is of its id,
    keyed with the tenant's data key: nothing can be told from it. It is asked for by tenant; there is a row for each
    endpoint of that day because processes of the version before this one, which may still run, ask by endpoint."""

    __tablename__ = "erased_sales"
    __table_args__ = (Index("ix_erased_sales_tenant", "tenant_id", "fingerprint"),)

    endpoint_id: UUID = Field(primary_key=True, foreign_key="webhook_endpoints.id")
    fingerprint: str = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    erased_at: datetime = CreatedAt()
