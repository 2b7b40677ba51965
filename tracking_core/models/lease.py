"""Who leads, of several that could."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger

from tracking_core.models.base import Field, SQLModel, Timestamp


class Lease(SQLModel, table=True):
    """One ``name`` has one owner until ``until``, by the database's clock; ``fence`` grows with every new owner."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True, max_length=40)
    owner: UUID
    until: datetime = Timestamp()
    fence: int = Field(default=1, sa_type=BigInteger)
