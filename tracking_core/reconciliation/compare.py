"""The gateway's list against the ledger, sale by sale, over spans of time that a run has read.

A sale that was erased on request is in no list any more (``reconciliation.erasure``), so it is left out here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.privacy.person import ERASED

DIFFERENCES_MAX = 500


class Difference(StrEnum):
    """Of several the first: a sale that is in another state is told as that, whatever its amount."""

    ONLY_AT_GATEWAY = "only_at_gateway"
    ONLY_HERE = "only_here"
    STATUS_DIFFERS = "status_differs"
    AMOUNT_DIFFERS = "amount_differs"


@dataclass(frozen=True, slots=True)
class Span:
    """``key`` is the caller's, to tell spans apart. What the list did not show since ``listed_since`` it shows no
    longer."""

    key: int
    tenant_id: UUID
    endpoint_id: UUID
    gateway: str
    listed_since: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Sales of one status and currency, how many and how much, there and here."""

    status: str
    currency: str | None
    theirs: int
    theirs_total: Decimal
    ours: int
    ours_total: Decimal

    @property
    def is_equal(self) -> bool:
        return (self.theirs, self.theirs_total) == (self.ours, self.ours_total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """``conversion_id`` None: it is not in the ledger at all."""

    sale_id: str
    conversion_id: UUID | None
    reason: Difference
    ordered_at: datetime
    theirs_status: str | None
    ours_status: str | None
    theirs_amount: Decimal | None
    ours_amount: Decimal | None
    theirs_currency: str | None
    ours_currency: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``differences`` are at most DIFFERENCES_MAX of ``differing``, oldest orders first. ``erased`` are paid sales of
    the ledger that were left out because their buyer's data was erased."""

    lines: tuple[Line, ...]
    differences: tuple[Differing, ...]
    differing: int
    erased: int

    @property
    def is_equal(self) -> bool:
        return not self.differing


# Each paid sale of the list with ours, then ours that the list does not show. Our sale's day is that of the order,
# which both its webhook and the list tell; nothing is heard of before it was ordered, but for clocks. What happened
# after the list was read (a pix that was paid, a refund) the list cannot show, and it is no difference.
_PAIRS = """
WITH spans AS (
    SELECT * FROM unnest(CAST(:keys AS int[]), CAST(:tenants AS uuid[]), CAST(:endpoints AS uuid[]),
        CAST(:gateways AS text[]), CAST(:listed AS timestamptz[]), CAST(:since AS timestamptz[]),
        CAST(:until AS timestamptz[])) AS s(key, tenant_id, endpoint_id, gateway, listed_since, since, until)
), pairs AS (
    SELECT s.key, g.sale_id, g.ordered_at, g.status AS theirs_status, g.amount AS theirs_amount,
        g.currency AS theirs_currency, c.id AS conversion_id,
        CASE WHEN c.occurred_at >= g.seen_at THEN g.status ELSE c.status END AS ours_status,
        c.amount AS ours_amount, c.currency AS ours_currency, true AS is_listed, false AS is_erased
    FROM spans s JOIN gateway_sales g ON g.endpoint_id = s.endpoint_id AND g.seen_at >= s.listed_since
        AND g.ordered_at >= s.since AND g.ordered_at < s.until
    LEFT JOIN LATERAL (
        SELECT x.* FROM conversions x
        WHERE x.tenant_id = s.tenant_id AND x.gateway = s.gateway AND x.sale_id = g.sale_id AND NOT x.is_synthetic
        ORDER BY x.endpoint_id = s.endpoint_id DESC LIMIT 1
    ) c ON true
    UNION ALL
    SELECT s.key, o.sale_id, o.ordered_at, NULL, NULL, NULL, o.id, o.status, o.amount, o.currency, false,
        starts_with(o.sale_id, :erased)
    FROM spans s CROSS JOIN LATERAL (
        SELECT c.id, c.sale_id, c.status, c.amount, c.currency,
            coalesce(CAST(c.facts ->> 'ordered_at' AS timestamptz), c.approved_at, c.occurred_at) AS ordered_at
        FROM conversions c
        WHERE c.tenant_id = s.tenant_id AND c.created_at >= s.since - interval '1 day' AND c.endpoint_id = s.endpoint_id
          AND NOT c.is_synthetic AND c.status IN ('approved', 'refunded', 'chargeback')
          AND coalesce(c.approved_at, c.occurred_at) < s.listed_since
    ) o
    WHERE o.ordered_at >= s.since AND o.ordered_at < s.until AND NOT EXISTS (
        SELECT FROM gateway_sales g
        WHERE g.endpoint_id = s.endpoint_id AND g.sale_id = o.sale_id AND g.seen_at >= s.listed_since)
)
"""
_LINES = text(f"""{_PAIRS}
SELECT key, status, currency, sum(theirs) AS theirs, sum(theirs_total) AS theirs_total, sum(ours) AS ours,
    sum(ours_total) AS ours_total, sum(erased) AS erased
FROM (
    SELECT key, theirs_status AS status, theirs_currency AS currency, 1 AS theirs,
        coalesce(theirs_amount, 0) AS theirs_total, 0 AS ours, 0 AS ours_total, 0 AS erased FROM pairs WHERE is_listed
    UNION ALL
    SELECT key, ours_status, ours_currency, 0, 0, 1, coalesce(ours_amount, 0), 0 FROM pairs
    WHERE ours_status IN ('approved', 'refunded', 'chargeback') AND NOT is_erased
    UNION ALL
    SELECT key, ours_status, ours_currency, 0, 0, 0, 0, 1 FROM pairs WHERE is_erased
) u GROUP BY key, status, currency ORDER BY key, currency, status
""")  # noqa: S608 - constants
_DIFFERENCES = text(f"""{_PAIRS}
SELECT * FROM (
    SELECT d.*, count(*) OVER (PARTITION BY key) AS differing,
        row_number() OVER (PARTITION BY key ORDER BY ordered_at, sale_id) AS place
    FROM (
        SELECT p.*, CASE
            WHEN NOT is_listed THEN 'only_here'
            WHEN conversion_id IS NULL THEN 'only_at_gateway'
            WHEN ours_status <> theirs_status THEN 'status_differs'
            WHEN (ours_amount, ours_currency) IS DISTINCT FROM (theirs_amount, theirs_currency) THEN 'amount_differs'
        END AS reason FROM pairs p WHERE NOT is_erased
    ) d WHERE reason IS NOT NULL
) n WHERE place <= :most ORDER BY key, place
""")  # noqa: S608 - constants


async def compare(
    session: AsyncSession, spans: Sequence[Span], *, most: int = DIFFERENCES_MAX
) -> dict[int, Comparison]:
    """By the spans' keys."""
    values = {
        "keys": [one.key for one in spans],
        "tenants": [one.tenant_id for one in spans],
        "endpoints": [one.endpoint_id for one in spans],
        "gateways": [one.gateway for one in spans],
        "listed": [one.listed_since for one in spans],
        "since": [one.since for one in spans],
        "until": [one.until for one in spans],
        "erased": ERASED,
    }
    lines: dict[int, list[Line]] = {one.key: [] for one in spans}
    differences: dict[int, list[Differing]] = {one.key: [] for one in spans}
    differing, erased = dict.fromkeys(lines, 0), dict.fromkeys(lines, 0)
    for row in (await session.execute(_LINES, values)).mappings():
        erased[row["key"]] += row["erased"]
        if row["theirs"] or row["ours"]:
            lines[row["key"]].append(_filled(Line, row))
    for row in (await session.execute(_DIFFERENCES, {**values, "most": most})).mappings():
        differences[row["key"]].append(_filled(Differing, {**row, "reason": Difference(row["reason"])}))
        differing[row["key"]] = row["differing"]
    return {
        key: Comparison(tuple(found), tuple(differences[key]), differing[key], erased[key])
        for key, found in lines.items()
    }


def _filled(shape: type[Any], row: Any) -> Any:
    return shape(**{name: row[name] for name in shape.__dataclass_fields__})
