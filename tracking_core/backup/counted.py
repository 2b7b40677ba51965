"""What a backup is measured by: rows of every table, and where every sale stands. Read within one snapshot."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from tracking_core.ledger.read import LEDGER

Connection = psycopg.Connection[tuple[Any, ...]]
# A partitioned table is counted by its partitions: each is a table of its own.
_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""
_LEDGER = f"SELECT state, count(*) FROM ({LEDGER}) l WHERE NOT is_synthetic GROUP BY state ORDER BY state"  # noqa: S608


def rows(connection: Connection) -> dict[str, int]:
    """By table, with its schema."""
    return {f"{schema}.{table}": _count(connection, schema, table) for schema, table in _all(connection, _TABLES)}


def ledger(connection: Connection) -> dict[str, int]:
    """Sales by state; of every tenant together."""
    return {str(state): int(count) for state, count in _all(connection, _LEDGER)}


def revision(connection: Connection) -> str:
    """Of the migrations."""
    return str(_all(connection, "SELECT version_num FROM alembic_version")[0][0])


def differences(told: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """In words, by name."""
    names = sorted(set(told) | set(found))
    pairs = [(name, told.get(name, 0), found.get(name, 0)) for name in names]
    return [f"{name}: {before} before, {after} now" for name, before, after in pairs if before != after]


def _count(connection: Connection, schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
    return int(_all(connection, query)[0][0])


def _all(connection: Connection, query: Any) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()
