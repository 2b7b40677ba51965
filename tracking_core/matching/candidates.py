"""The browser events a sale may have come from, found by one identifier at a time through an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_PER_VALUE = 5
# An address may be a whole carrier's: the newest five may all be one stranger's.
_PER_ADDRESS = 100
_COLUMNS = (
    "id, tenant_id, kind, click_id, session_id, received_at, host(client_ip) AS client_ip, user_agent, url, referrer,"
    " fbc, fbp, consent_ads, is_bot, details, encode(email_hash, 'hex') AS email_hash,"
    " encode(phone_hash, 'hex') AS phone_hash"
)
# The column is ours, never input; the values are bound.
_QUERY = """
SELECT w.n, w.position, e.*
FROM unnest(CAST(:n AS int[]), CAST(:position AS int[]), CAST(:tenant AS uuid[]), CAST(:value AS {type}[]),
            CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
    AS w(n, position, tenant_id, value, since, until)
CROSS JOIN LATERAL (
    SELECT {columns} FROM tracking_events t
    WHERE t.tenant_id = w.tenant_id AND t.{column} = w.value AND t.received_at BETWEEN w.since AND w.until
      AND t.received_at BETWEEN :earliest AND :latest AND t.kind <> 'consent'
    ORDER BY t.received_at DESC LIMIT {limit}
) AS e
"""
_TYPES = {"click_id": "text", "session_id": "text", "email_hash": "bytea", "phone_hash": "bytea", "client_ip": "inet"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Find events of one sale (``n``) by one value; ``position`` orders the values of the same sale."""

    n: int
    position: int
    tenant_id: UUID
    value: Any
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A browser event considered for a sale. Hashes are hex."""

    id: UUID
    kind: str
    click_id: str | None
    session_id: str | None
    received_at: datetime
    client_ip: str | None
    user_agent: str | None
    url: str
    referrer: str | None
    fbc: str | None
    fbp: str | None
    consent_ads: bool | None
    is_bot: int
    details: dict[str, str]
    email_hash: str | None
    phone_hash: str | None


async def find(session: AsyncSession, column: str, lookups: Sequence[Lookup]) -> dict[int, list[Candidate]]:
    """Candidates per sale, best position first and newest first, at most five a value, or a hundred an address."""
    if not lookups:
        return {}
    limit = _PER_ADDRESS if column == "client_ip" else _PER_VALUE
    query = _QUERY.format(column=column, type=_TYPES[column], columns=_COLUMNS, limit=limit)
    rows = await session.execute(
        text(query),
        {
            "n": [one.n for one in lookups],
            "position": [one.position for one in lookups],
            "tenant": [one.tenant_id for one in lookups],
            "value": [one.value for one in lookups],
            "since": [one.since for one in lookups],
            "until": [one.until for one in lookups],
            "earliest": min(one.since for one in lookups),
            "latest": max(one.until for one in lookups),
        },
    )
    found: dict[int, list[Candidate]] = {}
    for row in sorted(rows.mappings(), key=lambda row: (row["n"], row["position"], -row["received_at"].timestamp())):
        said = {key: value for key, value in row.items() if key not in ("n", "position", "tenant_id")}
        found.setdefault(row["n"], []).append(Candidate(**{**said, "details": said["details"] or {}}))
    return found
