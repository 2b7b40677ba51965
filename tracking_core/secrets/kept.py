"""The credentials that a setup holds and a check may open."""

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.kit import clock
from tracking_core.models import SecretKind, SecretState, SetupSession, VaultSecret


async def kept_by(session: AsyncSession, owner: SetupSession) -> dict[SecretKind, VaultSecret]:
    """The one given last of each kind. What was found in a chat and is of no known kind opens for nothing."""
    query = select(VaultSecret).where(
        VaultSecret.session_id == owner.id,
        VaultSecret.tenant_id == owner.tenant_id,
        col(VaultSecret.state) != SecretState.REVOKED,
        or_(col(VaultSecret.expires_at).is_(None), col(VaultSecret.expires_at) > clock.now()),
        col(VaultSecret.kind) != SecretKind.UNKNOWN,
    )
    rows = (await session.scalars(query.order_by(col(VaultSecret.created_at), col(VaultSecret.id)))).all()
    return {SecretKind(row.kind): row for row in rows}
