"""What happens in the hub right now: sales that came, how they were matched, what Meta said of each attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.reporting.scope import Scope, Where
from tracking_core.reporting.sentences import Sentence, of_reason

SPAN = timedelta(minutes=30)
_RECEIVED = """
SELECT 'received' AS kind, CAST(c.id AS text) || '-received' AS key, c.created_at AS at, c.tenant_id,
    c.id AS conversion_id, c.sale_id, c.gateway, c.amount, c.currency, CAST(NULL AS text) AS detail
FROM conversions c WHERE {received}
"""
_MATCHED = """
SELECT CASE WHEN m.rule = 'none' THEN 'unmatched' ELSE 'matched' END, CAST(c.id AS text) || '-matched', m.matched_at,
    c.tenant_id, c.id, c.sale_id, c.gateway, c.amount, c.currency, m.rule
FROM conversions c JOIN matches m ON m.conversion_id = c.id WHERE {matched}
"""
_SENT = """
SELECT CASE WHEN a.outcome = 'accepted' THEN 'sent' ELSE 'failed' END, CAST(a.id AS text), a.started_at, a.tenant_id,
    d.conversion_id, c.sale_id, c.gateway, c.amount, c.currency,
    CASE WHEN a.outcome = 'accepted' THEN NULL WHEN a.code IS NULL THEN a.outcome
         WHEN a.subcode IS NULL THEN a.outcome || ':' || a.code ELSE a.outcome || ':' || a.code || '/' || a.subcode END
FROM dispatch_attempts a JOIN deliveries d ON d.id = a.delivery_id LEFT JOIN conversions c ON c.id = d.conversion_id
WHERE {sent}
"""
_ALL = f"""
SELECT e.*, (SELECT t.name FROM tenants t WHERE t.id = e.tenant_id) AS tenant_name FROM (
    {_RECEIVED} UNION ALL {_MATCHED} UNION ALL {_SENT}
) e ORDER BY e.at DESC, e.key DESC LIMIT :limit
"""  # noqa: S608 - constants


class Happening(StrEnum):
    RECEIVED = "received"
    MATCHED = "matched"
    UNMATCHED = "unmatched"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """``detail`` is the rule of a match or the reason of a failure, which ``explanation`` says in words. Of a browser
    event there is no sale."""

    kind: Happening
    key: str
    at: datetime
    tenant_id: UUID
    tenant_name: str
    conversion_id: UUID | None
    sale_id: str | None
    gateway: str | None
    amount: Decimal | None
    currency: str | None
    detail: str | None
    explanation: Sentence | None


async def newest(
    session: AsyncSession, scope: Scope, *, now: datetime, limit: int, after: datetime | None = None
) -> Sequence[LiveRow]:
    """Newest first, of the last half hour; ``after`` leaves out what was seen until then."""
    since = max(after, now - SPAN) if after else now - SPAN
    values = {"since": since, "limit": limit}
    parts = {
        "received": _where(scope, "c.created_at > :since"),
        "matched": _where(scope, "m.matched_at > :since"),
        "sent": _where(scope, "a.started_at > :since", column="a.tenant_id"),
    }
    query = _ALL.format(**{name: where.text for name, where in parts.items()})
    given = {**values, **parts["received"].values}
    return [_row(row._asdict()) for row in await session.execute(text(query), given)]


def _where(scope: Scope, *conditions: str, column: str = "c.tenant_id") -> Where:
    where = Where(list(conditions))
    where.scope(column, scope)
    return where


def _row(said: dict[str, object]) -> LiveRow:
    kind = Happening(str(said.pop("kind")))
    reason = str(said["detail"]) if kind is Happening.FAILED else None
    return LiveRow(kind=kind, explanation=of_reason(reason), **said)  # type: ignore[arg-type]
