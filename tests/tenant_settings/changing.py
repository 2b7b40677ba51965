"""The verbs of these tests."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.tenants import preferences
from tracking_core.tenants.preferences import Preferences, version_of


async def read(tenant_id: UUID) -> Preferences:
    async with transaction() as session:
        return await preferences.read(session, tenant_id)


async def change(tenant_id: UUID, *, version: str | None = None, **wanted: Any) -> Preferences:
    """Change the named ones, from what is there or as one who saw that version."""
    now = await read(tenant_id)
    made = Preferences.model_validate({**now.model_dump(), **wanted})
    async with transaction() as session:
        return await preferences.change(session, tenant_id, made, version=version or version_of(now), actor="ana")


async def rows(query: str, **values: object) -> list[dict[str, Any]]:
    async with transaction() as session:
        return [dict(row) for row in (await session.execute(text(query), values)).mappings()]


async def audited(tenant_id: UUID) -> list[dict[str, Any]]:
    query = "SELECT actor, details FROM audit_log WHERE action = 'tenant.settings_changed' AND tenant_id = :tenant"
    return await rows(f"{query} ORDER BY id", tenant=tenant_id)
