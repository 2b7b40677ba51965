"""The audit log in pages: who did what to which thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.reporting import pages
from tracking_core.reporting.pages import Page, Place, newest_first
from tracking_core.reporting.scope import ANY_TIME, Period, Scope, Where, prefix

TABLE = "audit"
_ROWS = """
SELECT a.id, a.tenant_id, (SELECT t.name FROM tenants t WHERE t.id = a.tenant_id) AS tenant_name, a.actor, a.action,
    a.subject, a.details, a.created_at
FROM audit_log a WHERE {where} {order}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """All narrow; ``action`` is how the action begins (``meta.``)."""

    actor: str | None = None
    action: str | None = None
    period: Period = ANY_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Without a tenant it is about the hub itself. ``details`` are ids and counts."""

    id: UUID
    tenant_id: UUID | None
    tenant_name: str | None
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    created_at: datetime


async def search(session: AsyncSession, scope: Scope, wanted: AuditSearch, place: Place) -> Page[AuditRow]:
    """Raises InvalidRequest for a cursor that is not of this table."""
    where = _where(scope, wanted)
    place.after(where, "a")
    rows = await session.execute(text(_ROWS.format(where=where.text, order=newest_first("a"))), where.values)
    return place.page(rows.all(), _row)


async def exceeds(session: AsyncSession, scope: Scope, wanted: AuditSearch, most: int) -> bool:
    return await pages.exceeds(session, "audit_log a", _where(scope, wanted), most)


def _where(scope: Scope, wanted: AuditSearch) -> Where:
    where = Where()
    where.scope("a.tenant_id", scope)
    where.given("a.actor = :actor", actor=wanted.actor)
    if wanted.action is not None:
        where.add("a.action LIKE :action", action=prefix(wanted.action))
    where.period("a.created_at", wanted.period)
    return where


def _row(row: Row[Any]) -> AuditRow:
    return AuditRow(**row._mapping)
