"""Free texts and JSON in which a person is named: the name is masked and the rest stays.

Which columns these are says the registry. In the graphs' checkpoints the mask is as long as what it covers, because
their texts carry their length: a setup that is under way goes on from them.
"""

import re
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.logging import MASK
from tracking_core.privacy.catalogue import Table
from tracking_core.privacy.forms import Forms
from tracking_core.privacy.registry import COLUMNS
from tracking_core.privacy.step import Step

WHAT, DOES = "Texts that name them", "The name is masked"
# Large, and without names by design: masked only where the last search finds one.
LARGE = frozenset({"public.tracking_events"})
_BYTES = "bytea"
_KEYS = {
    "public.session_events": ("session_id", "seq"),
    "public.tracking_events": ("id", "received_at"),
    "agent.checkpoints": ("thread_id", "checkpoint_ns", "checkpoint_id"),
    "agent.checkpoint_blobs": ("thread_id", "checkpoint_ns", "channel", "version"),
    "agent.checkpoint_writes": ("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx"),
}


def steps(tables: list[Table], *, large: bool = False) -> list[Step]:
    """One for each table with such columns, or only those of the large ones."""
    wanted = [table for table in tables if (table.name in LARGE) is large]
    return [step for table in wanted if (step := _step(table)) is not None]


def checkpoints(tables: list[Table]) -> list[Table]:
    """Those whose texts stand inside bytes."""
    return [table for table in tables if _BYTES in _texts(table).values()]


async def mask_bytes(
    session: AsyncSession, table: Table, forms: Forms, values: Mapping[str, object], limit: int
) -> int:
    """Rows in which something was masked; less than ``limit`` when there are no more."""
    [column] = [name for name, kind in _texts(table).items() if kind == _BYTES]
    key = _KEYS[table.name]
    named = ", ".join(f"t.{one}" for one in key)
    spoken = " OR ".join(f"strpos(x.said, :w{at}) > 0" for at in range(len(forms.written)))
    query = text(
        f"SELECT {named}, t.{column} AS said FROM {table.quoted} AS t CROSS JOIN LATERAL"  # noqa: S608
        f" (SELECT lower(encode(t.{column}, 'escape') COLLATE \"C\") AS said OFFSET 0) AS x"
        f" WHERE {table.scope} AND ({spoken}) LIMIT :limit FOR UPDATE OF t"
    )
    bound = {f"w{at}": one.lower() for at, one in enumerate(forms.written)}
    rows = (await session.execute(query, {**values, **bound, "limit": limit})).mappings().all()
    where = " AND ".join(f"{one} = :{one}" for one in key)
    change = text(f"UPDATE {table.quoted} SET {column} = :said WHERE {where}")  # noqa: S608
    for row in rows:
        covered = covered_in(bytes(row["said"]), forms)
        await session.execute(change, {**{one: row[one] for one in key}, "said": covered})
    return len(rows)


def covered_in(data: bytes, forms: Forms) -> bytes:
    """The bytes with every written form covered by as many stars."""
    spoken = sorted((one.encode() for one in forms.written), key=len, reverse=True)
    return re.sub(b"|".join(map(re.escape, spoken)), lambda match: b"*" * len(match.group()), data, flags=re.IGNORECASE)


def _step(table: Table) -> Step | None:
    texts = {name: kind for name, kind in _texts(table).items() if kind != _BYTES}
    if not texts:
        return None
    said = " OR ".join(f'CAST(t."{name}" AS text) ~ :pattern' for name in texts)
    return Step(
        name=f"words_in_{table.name.removeprefix('public.').replace('.', '_')}",
        table=table.quoted,
        what=WHAT,
        does=DOES,
        found=f"({table.scope}) AND ({said})",
        sets={f'"{name}"': _masked(name, kind) for name, kind in texts.items()},
        key=_KEYS.get(table.name, ("id",)),
    )


def _masked(column: str, kind: str) -> str:
    said = f"regexp_replace(CAST(t.\"{column}\" AS text), :pattern, '{MASK}', 'g')"
    return f"CAST({said} AS {kind})"


def _texts(table: Table) -> dict[str, str]:
    known = COLUMNS.get(table.name.removeprefix("public."))
    group = known.group("texts") if known else frozenset()
    return {name: kind for name, kind in table.columns.items() if name in group}
