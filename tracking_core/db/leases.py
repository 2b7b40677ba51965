"""One worker at a time holds a row. The fence grows at every take; who writes with an older one is refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.errors import StaleFence


@dataclass(frozen=True, slots=True)
class Lease:
    """The leases of one table, which has ``lease_owner``, ``lease_until`` and ``fence``; ``key`` names its rows."""

    table: str
    key: str

    async def take(self, session: AsyncSession, row: UUID, owner: UUID, now: datetime, *, seconds: int) -> int | None:
        """The new fence, or None while another holds the row."""
        values = {"row": row, "owner": owner, "now": now, "until": now + timedelta(seconds=seconds)}
        statement = self._sql(
            "UPDATE {table} SET lease_owner = :owner, lease_until = :until, fence = fence + 1"
            " WHERE {key} = :row AND (lease_owner IS NULL OR lease_until <= :now) RETURNING fence"
        )
        taken = (await session.execute(statement, values)).first()
        return int(taken.fence) if taken else None

    async def renew(
        self, session: AsyncSession, row: UUID, owner: UUID, fence: int, now: datetime, *, seconds: int
    ) -> bool:
        """False when the row is another's by now."""
        values = {"row": row, "owner": owner, "fence": fence, "until": now + timedelta(seconds=seconds)}
        statement = self._sql(
            "UPDATE {table} SET lease_until = :until WHERE {key} = :row AND fence = :fence AND lease_owner = :owner"
        )
        result = await session.execute(statement, values)
        return bool(result.rowcount)  # type: ignore[attr-defined]

    async def release(self, session: AsyncSession, row: UUID, owner: UUID, fence: int) -> None:
        statement = self._sql(
            "UPDATE {table} SET lease_owner = NULL, lease_until = NULL"
            " WHERE {key} = :row AND fence = :fence AND lease_owner = :owner"
        )
        await session.execute(statement, {"row": row, "fence": fence, "owner": owner})

    async def require(self, session: AsyncSession, row: UUID, fence: int) -> None:
        """Lock the row for this transaction. Raises StaleFence when someone took it since."""
        statement = self._sql("SELECT fence FROM {table} WHERE {key} = :row FOR UPDATE")
        if (await session.execute(statement, {"row": row})).scalar_one_or_none() != fence:
            raise StaleFence

    def _sql(self, statement: str) -> TextClause:
        return text(statement.format(table=self.table, key=self.key))
