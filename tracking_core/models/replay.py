"""A replay: dead letters that somebody asked to be sent again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, Json, SQLModel, Timestamp


class Replay(SQLModel, table=True):
    """Work is due until ``finished_at``. ``tenant_id`` None: an operator's, over all tenants.

    ``filter`` is a ``ReplayFilter`` as JSON; what died after ``seen_until`` is no part of it. While it is under way
    ``found`` is what matched when it was asked; finished, ``found = replayed + too_late + undone``. The deliveries it
    revived carry its id, so how far they are is read from them and stored nowhere.
    """

    __tablename__ = "replays"
    __table_args__ = (
        Index("ix_replays_tenant", "tenant_id", "created_at"),
        Index("ix_replays_due", "created_at", postgresql_where=text("finished_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenants.id")
    is_operator: bool
    actor: str
    filter: dict[str, Any] = Json(default={})
    seen_until: datetime = Timestamp()
    found: int = 0
    replayed: int = 0
    too_late: int = 0
    undone: int = 0
    created_at: datetime = CreatedAt()
    finished_at: datetime | None = Timestamp(default=None)
