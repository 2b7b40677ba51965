"""The tables and columns there are, as the database itself says: a table that is new tomorrow is among them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.privacy.registry import SCOPES

# Partitions are read through the table they are of.
_COLUMNS = text("""
SELECT c.table_schema || '.' || c.table_name AS name, c.column_name AS column, c.udt_name AS type
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_class k JOIN pg_namespace n ON n.oid = k.relnamespace
                  WHERE n.nspname = c.table_schema AND k.relname = c.table_name AND k.relispartition)
ORDER BY c.table_schema, c.table_name, c.ordinal_position
""")
# What is nobody's in particular (the whole hub's) is searched with every tenant.
_OWNED = "(t.tenant_id = :tenant OR t.tenant_id IS NULL)"
_USERS = "ANY(CAST(:users AS uuid[]))"


@dataclass(frozen=True, slots=True)
class Table:
    """``columns`` maps names to PostgreSQL's names of types. ``scope`` is the condition, over ``t``, by which rows are
    one tenant's."""

    name: str
    columns: Mapping[str, str]

    @property
    def scope(self) -> str:
        if self.name in SCOPES:
            return SCOPES[self.name].format(users=_USERS)
        return _OWNED if "tenant_id" in self.columns else "true"

    @property
    def quoted(self) -> str:
        return ".".join(f'"{part}"' for part in self.name.split("."))


async def tables(session: AsyncSession) -> list[Table]:
    """Every base table, with its schema."""
    found: dict[str, dict[str, str]] = {}
    for row in (await session.execute(_COLUMNS)).all():
        found.setdefault(row.name, {})[row.column] = row.type
    return [Table(name, columns) for name, columns in found.items()]
