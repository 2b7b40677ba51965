"""What was deleted when its time was over, and what people said about the use of their data."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, SQLModel, Timestamp


class RetentionRun(SQLModel, table=True):
    """One run over one kind of data (``tracking_core.retention``): what is older than ``cutoff`` goes. At most one of a
    kind is open; one that was stopped is gone on with. ``rows`` of a dropped partition are PostgreSQL's estimate.
    ``error`` is a class name, never a text of the database's."""

    __tablename__ = "retention_runs"
    __table_args__ = (
        Index("uq_retention_runs_open", "kind", unique=True, postgresql_where=text("finished_at IS NULL")),
        Index("ix_retention_runs_kind", "kind", "started_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str
    days: int
    cutoff: datetime = Timestamp()
    started_at: datetime = Timestamp()
    finished_at: datetime | None = Timestamp(default=None)
    rows: int = Field(default=0, sa_type=BigInteger)
    partitions: int = 0
    error: str | None = None


class ConsentSource(StrEnum):
    BROWSER = "browser"
    API = "api"  # the seller's system, by secret key
    STAFF = "staff"  # an operator, for somebody who wrote to us


class ConsentRecord(SQLModel, table=True):
    """Append-only: somebody said yes or no to ads, when, where, and to which text. Only changes are recorded.

    ``subjects`` are the ids of the identifiers it was said with (``consent.subjects``). ``url`` is origin and path.
    ``text_version`` names the text they saw, if the page told it. ``event_id`` is the browser's id of the event that
    brought it, ``tracking_event_id`` our row's, which its own retention may have ended.
    """

    __tablename__ = "consent_records"
    __table_args__ = (
        Index("ix_consent_records_subjects", "subjects", postgresql_using="gin"),
        Index("ix_consent_records_tenant", "tenant_id", "at", "id"),
        Index("ix_consent_records_at", "at", postgresql_using="brin"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id")
    granted: bool
    at: datetime = Timestamp()
    source: str
    actor: str | None = None
    url: str | None = None
    text_version: str | None = None
    subjects: list[UUID] = Field(sa_type=ARRAY(PG_UUID(as_uuid=True)))
    event_id: str | None = None
    tracking_event_id: UUID | None = Field(default=None, unique=True)
    created_at: datetime = CreatedAt()


class ReadingMark(SQLModel, table=True):
    """How far a job that reads stored events has come: events up to ``last_id`` are done with."""

    __tablename__ = "reading_marks"

    name: str = Field(primary_key=True)
    last_id: UUID
