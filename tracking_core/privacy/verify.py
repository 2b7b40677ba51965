"""Search for an identifier in every column of every table, clear, hashed and encoded, and in what is sealed.

A table's row is read once, as text: PostgreSQL shows a ``bytea`` in hex there, so one pass over the rows meets clear
texts, JSON, digests in whatever form, arrays of ids and bytes. Only a table with a find is read again, by column. No
index helps and none is needed: it costs one sequential scan of each table, which the server's parallel workers share,
and no lock that anybody waits for.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import Tenant
from tracking_core.privacy import catalogue, sealed
from tracking_core.privacy.catalogue import Table
from tracking_core.privacy.forms import Forms
from tracking_core.privacy.person import Person
from tracking_core.privacy.registry import kept_as_hash, kept_of_ours

# Of a type like these a value is nobody's, even where its digits are by chance.
_MUTE = frozenset({"bool", "int2", "int4", "int8", "numeric", "float4", "float8", "timestamptz", "date", "interval"})
_SECONDS = 600
# What the server lets a query have; costs say nothing here, because every row is looked into.
_HOW = (
    f"SET LOCAL statement_timeout = '{_SECONDS}s'",
    "SET LOCAL max_parallel_workers_per_gather = 4",
    "SET LOCAL parallel_setup_cost = 0",
    "SET LOCAL parallel_tuple_cost = 0",
)
# OFFSET 0 keeps the row's text from being made once for each form.
_COUNT = """
SELECT {counts} FROM {table} AS t
CROSS JOIN LATERAL (SELECT lower(concat_ws(' ', {speaking}) COLLATE "C") AS said OFFSET 0) AS x
WHERE {scope} AND ({anything})
"""


@dataclass(frozen=True, slots=True)
class Find:
    """``rows`` hold it in this column."""

    table: str
    column: str
    rows: int


@dataclass(slots=True, kw_only=True)
class Searched:
    """``found`` should be empty. ``hashes`` stay on purpose; ``ours`` are names in records of who did what."""

    tables: int = 0
    columns: int = 0
    opened: int = 0
    redis_keys: int = 0
    found: list[Find] = field(default_factory=list)
    hashes: list[Find] = field(default_factory=list)
    ours: list[Find] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.found

    def told(self) -> dict[str, Any]:
        return asdict(self)


async def search(
    session: AsyncSession, tenant: Tenant, person: Person, *, but_request: Any = None, redis: Any = None
) -> Searched:
    """All of one tenant, and whatever is nobody's. ``but_request`` is the request that still holds the identifier,
    sealed; ``redis`` is a client whose keys are read too."""
    for how in _HOW:
        await session.execute(text(how))
    forms, said = person.forms, Searched()
    values = {"tenant": tenant.id, "users": list(person.users)}
    for table in await catalogue.tables(session):
        said.tables, said.columns = said.tables + 1, said.columns + len(table.columns)
        for find in await _in_table(session, table, forms, values):
            _sort(said, find)
    opened = await sealed.search(session, tenant, forms, but_request=but_request)
    said.opened = opened.values
    said.found += [Find(place[0], place[1], rows) for place, rows in opened.found.items()]
    if redis is not None:
        said.redis_keys, rows = await sealed.search_redis(redis, forms)
        said.found += [Find("redis", "*", rows)] if rows else []
    return said


def _sort(said: Searched, find: Find) -> None:
    if kept_as_hash(find.table, find.column):
        said.hashes.append(find)
    elif kept_of_ours(find.table, find.column):
        said.ours.append(find)
    else:
        said.found.append(find)


async def _in_table(session: AsyncSession, table: Table, forms: Forms, values: dict[str, Any]) -> list[Find]:
    needles = _needles(forms)
    bound = {**values, **{f"n{at}": one for at, one in enumerate(needles)}}
    anything = " OR ".join(f"strpos(x.said, :n{at}) > 0" for at in range(len(needles)))
    speaking = [name for name, kind in table.columns.items() if kind not in _MUTE]
    columns = ", ".join(f't."{name}"' for name in speaking) or "NULL"
    how = {"table": table.quoted, "speaking": columns, "scope": table.scope, "anything": anything}
    if not await session.scalar(text(_COUNT.format(counts="count(*)", **how)), bound):
        return []
    counts = ", ".join(f"count(*) FILTER (WHERE {_says(name, forms)})" for name in speaking)
    row = (await session.execute(text(_COUNT.format(counts=counts, **how)), {**bound, **_exact(forms)})).one()
    return [Find(table.name, name, rows) for name, rows in zip(speaking, row, strict=True) if rows]


def _needles(forms: Forms) -> list[str]:
    """Lower case. Inside a bytea clear text stands in hex, which is among the hidden forms unless it is very short."""
    return list(dict.fromkeys([*(one.lower() for one in forms.written), *forms.hidden]))


def _says(column: str, forms: Forms) -> str:
    """A whole word of what people write, or any of the hidden forms."""
    said = f'CAST(t."{column}" AS text)'
    hidden = " OR ".join(f'strpos(lower({said} COLLATE "C"), :h{at}) > 0' for at in range(len(forms.hidden)))
    return f"{said} ~ :pattern OR {hidden}"


def _exact(forms: Forms) -> dict[str, Any]:
    return {"pattern": forms.pattern, **{f"h{at}": one for at, one in enumerate(forms.hidden)}}
