"""What the audit log says."""

from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.models import AuditEntry


async def entries(action: str = "") -> list[AuditEntry]:
    """In order; all of them, or those of one action."""
    async with transaction() as session:
        rows = (await session.scalars(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
    return [row for row in rows if action in ("", row.action)]
