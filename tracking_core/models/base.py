"""Column shorthands shared by the tables. SQLModel tables do not validate: build them from checked values only."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from tracking_core.kit import clock

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


def Timestamp(**kwargs: Any) -> Any:  # noqa: N802 - reads as a column type where it is used
    """A timestamptz column; nullable unless it has a default."""
    return Field(sa_type=DateTime(timezone=True), **kwargs)


def CreatedAt() -> Any:  # noqa: N802
    return Field(
        default=None,
        nullable=False,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


def MovedAt() -> Any:  # noqa: N802
    """When anything of the row was changed last; written by itself. None of a row from before there was one."""
    return Field(default=None, sa_type=DateTime(timezone=True), sa_column_kwargs={"onupdate": clock.now})


def Json(**kwargs: Any) -> Any:  # noqa: N802
    return Field(sa_type=JSONB, **kwargs)


__all__ = ["CreatedAt", "Field", "Json", "MovedAt", "SQLModel", "Timestamp", "datetime"]
