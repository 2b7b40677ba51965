"""Alembic environment: online only, one transaction per migration, short lock waits."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text
from sqlmodel import SQLModel

import tracking_core.models  # noqa: F401 - fills the metadata
from tracking_core.db.migrate import Patience
from tracking_core.settings import get_settings


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return not (kind == "table" and (name or "").startswith("tracking_events_w"))


def run() -> None:
    url = context.config.attributes.get("url") or get_settings().session_database_url
    patience: Patience = context.config.attributes.setdefault("patience", Patience())
    with create_engine(url, poolclass=NullPool).connect() as connection:
        connection.execute(text(patience.setting(patience.lock_seconds)))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            transaction_per_migration=True,
            include_object=_is_ours,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
