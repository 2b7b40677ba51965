"""People who sign in: sellers of a tenant, and our own. Of links and sessions only the SHA-256 is kept."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text

from tracking_core.kit.ids import new_id
from tracking_core.models.base import CreatedAt, Field, SQLModel, Timestamp


class Role(StrEnum):
    """A seller sees their own tenants; support the handoff desk; an operator everything."""

    SELLER = "seller"
    SUPPORT = "support"
    OPERATOR = "operator"


class User(SQLModel, table=True):
    """``email`` is in lower case. ``name`` is who they are on a case; no two of our own people in service share one.
    Without ``password_hash`` (argon2id) they come by link, or through the identity provider as ``oidc_subject``."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "uq_users_staff_name",
            "name",
            unique=True,
            postgresql_where=text("role <> 'seller' AND disabled_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    name: str = Field(max_length=80)
    role: str = Role.SELLER
    locale: str = Field(default="pt_BR", max_length=8)
    password_hash: str | None = None
    oidc_subject: str | None = Field(default=None, unique=True)
    created_at: datetime = CreatedAt()
    disabled_at: datetime | None = Timestamp(default=None)


class Membership(SQLModel, table=True):
    """The tenants a seller may see and set up. ``ended_at`` is when the tenant was closed."""

    __tablename__ = "memberships"

    user_id: UUID = Field(foreign_key="users.id", primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenants.id", primary_key=True, index=True)
    created_at: datetime = CreatedAt()
    ended_at: datetime | None = Timestamp(default=None)


class SignInLink(SQLModel, table=True):
    """Signs in once, until it expires."""

    __tablename__ = "sign_in_links"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    next_path: str | None = None
    created_at: datetime = CreatedAt()
    expires_at: datetime = Timestamp()
    used_at: datetime | None = Timestamp(default=None)


class WebSession(SQLModel, table=True):
    """A browser that is signed in."""

    __tablename__ = "web_sessions"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    how: str
    created_at: datetime = CreatedAt()
    seen_at: datetime = CreatedAt()
    expires_at: datetime = Timestamp()
    ended_at: datetime | None = Timestamp(default=None)


class SignInAttempt(SQLModel, table=True):
    """One try, of which only the SHA-256 of what is counted is kept: an e-mail, or the network it came from."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_key", "key_hash", "at"), Index("ix_sign_in_attempts_at", "at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key_hash: bytes = Field(sa_type=LargeBinary)
    at: datetime = CreatedAt()
