"""The tenants by name, each with what needs somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery.replay_selection import FATE, LETTERS, Fate, fate_values
from tracking_core.kit import clock
from tracking_core.reporting.scope import Where

_ROWS = f"""
SELECT t.id, t.name, t.created_at,
    (SELECT count(*) FROM conversions c
     WHERE c.tenant_id = t.id AND c.created_at >= :since AND NOT c.is_synthetic) AS sales,
    (SELECT count(*) FROM {LETTERS}
     WHERE d.tenant_id = t.id AND d.state = 'dead' AND d.test_event_code IS NULL
        AND {FATE} = '{Fate.REPLAYABLE}') AS dead,
    (SELECT count(*) FROM meta_connections k
     WHERE k.tenant_id = t.id AND k.state = 'on_hold' AND k.disabled_at IS NULL) AS held,
    (SELECT count(*) FROM meta_connections k WHERE k.tenant_id = t.id AND k.disabled_at IS NULL) AS connections
FROM tenants t WHERE {{where}} ORDER BY t.name, t.id LIMIT :limit
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    """``sales`` are those heard of since the time asked for; the rest is as it stands. ``dead`` are the dead letters
    that may still be sent again: of the others nobody can clear any."""

    id: UUID
    name: str
    created_at: datetime
    sales: int
    dead: int
    held: int
    connections: int


async def tenants_named(
    session: AsyncSession,
    named: str = "",
    *,
    since: datetime,
    limit: int,
    after: tuple[str, UUID] | None = None,
) -> Sequence[TenantRow]:
    """Whose name holds ``named``, in the order of names; ``after`` is the name and id of the last one seen."""
    where = Where(values={"since": since, "limit": limit, **fate_values(clock.now())})
    if named:
        where.add("strpos(lower(t.name), lower(:named)) > 0", named=named)
    if after is not None:
        where.add("(t.name, t.id) > (:after_name, :after_id)", after_name=after[0], after_id=after[1])
    rows = await session.execute(text(_ROWS.format(where=where.text)), where.values)
    return [TenantRow(**row._mapping) for row in rows]
