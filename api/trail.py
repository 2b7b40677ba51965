"""What a setup has done so far, from its ledger, as a page shows it."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.models import SetupActionLog

_NEWEST = 500


async def entries(session: AsyncSession, session_id: UUID) -> list[SetupActionLog]:
    """The ledger's newest entries, oldest first: checks, effects, undos and the steps of test sales."""
    query = select(SetupActionLog).where(SetupActionLog.session_id == session_id)
    newest = query.order_by(col(SetupActionLog.started_at).desc(), col(SetupActionLog.id).desc()).limit(_NEWEST)
    return list(reversed((await session.scalars(newest)).all()))
