"""Indexes of tables that are in use: built while sales go on, and again after a failure at any statement.

``CREATE INDEX CONCURRENTLY`` runs in no transaction: what its revision did before is committed, and not on record yet.
A revision therefore builds its indexes first, and does the rest in the transaction that also records it.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import context, op

from tracking_core.db.migrate import Patience

_EVENTS = "tracking_events"
# A build that failed leaves an index that is kept up by every write and used by no query.
_INVALID = sa.text("SELECT true FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")
_WITHOUT = sa.text(f"""
SELECT t.inhrelid::regclass::text FROM pg_inherits t WHERE t.inhparent = '{_EVENTS}'::regclass AND NOT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid
    WHERE i.inhparent = to_regclass(:name) AND x.indrelid = t.inhrelid
) ORDER BY 1
""")  # noqa: S608 - a constant


def build(indexes: Mapping[str, str]) -> None:
    """``indexes`` name what each is on, as in ``CREATE INDEX name ON ...``. What is there and valid stays."""
    with op.get_context().autocommit_block():
        for name, what in indexes.items():
            _build(name, what)


def build_on_events(suffix: str, what: str) -> None:
    """``ix_tracking_events_<suffix>``, ``what`` without the table. PostgreSQL builds no index concurrently on a
    partitioned table: each partition gets its own, then they are joined."""
    name = f"ix_{_EVENTS}_{suffix}"
    with op.get_context().autocommit_block():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON ONLY {_EVENTS} {what}")
        for partition in op.get_bind().scalars(_WITHOUT, {"name": name}).all():
            own = f"ix_{partition}_{suffix}"
            _build(own, f"{partition} {what}")
            op.execute(f"ALTER INDEX {name} ATTACH PARTITION {own}")


def _build(name: str, what: str) -> None:
    if op.get_bind().scalar(_INVALID, {"name": name}):
        _patiently(f"DROP INDEX CONCURRENTLY {name}")
    _patiently(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {what}")


def _patiently(statement: str) -> None:
    """It waits for every transaction that is open, a dump too, and nobody who reads or writes waits behind it."""
    patience: Patience = context.config.attributes["patience"]
    op.execute(patience.setting(patience.build_seconds))
    op.execute(statement)
    op.execute(patience.setting(patience.lock_seconds))
