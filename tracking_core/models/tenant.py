"""Who uses the hub, and the keys they use it with."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import LargeBinary

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, SQLModel, Timestamp


class ConsentMode(StrEnum):
    """``opt_out``: silence means yes, a refusal means no. ``opt_in``: only a recorded yes means yes."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"


class Tenant(SQLModel, table=True):
    """``escalate_after`` failures of one step in one way, a person is called. Closed (``tenants.closing``), it has no
    data key any more: ``wrapped_data_key`` is empty; and a while later (``emptied_at``) nothing of a person."""

    __tablename__ = "tenants"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    default_country: str = Field(default="BR", max_length=2)
    consent_mode: str = ConsentMode.OPT_OUT
    match_threshold: Decimal = Field(default=Decimal("0.60"), max_digits=4, decimal_places=3)
    attribution_window_days: int = 28
    escalate_after: int = 3
    wrapped_data_key: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = CreatedAt()
    closed_at: datetime | None = Timestamp(default=None)
    emptied_at: datetime | None = Timestamp(default=None)


class ApiKeyKind(StrEnum):
    WRITE = "write"
    SECRET = "secret"  # noqa: S105 - the kind's name


class ApiKey(SQLModel, table=True):
    """A write key is public: its ``value`` is kept to be shown again. Of a secret key only the SHA-256 is."""

    __tablename__ = "api_keys"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", index=True)
    kind: str
    key_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    value: str | None = None
    hint: str
    created_at: datetime = CreatedAt()
    revoked_at: datetime | None = Timestamp(default=None)


class StaffRole(StrEnum):
    SUPPORT = "support"
    OPERATOR = "operator"


class StaffKey(SQLModel, table=True):
    """A key of our own people and their desks, for every tenant; only its SHA-256 is kept."""

    __tablename__ = "staff_keys"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str
    role: str
    key_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    hint: str
    created_at: datetime = CreatedAt()
    revoked_at: datetime | None = Timestamp(default=None)
