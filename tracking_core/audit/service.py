"""The audit log: append only."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.models import AuditEntry


def record(
    session: AsyncSession, *, actor: str, action: str, subject: str, tenant_id: UUID | None = None, **details: object
) -> None:
    """Add an entry to the session's transaction. ``details`` are ids and counts, never personal data or secrets."""
    session.add(AuditEntry(tenant_id=tenant_id, actor=actor, action=action, subject=subject, details=details))
