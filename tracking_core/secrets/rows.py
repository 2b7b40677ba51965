"""References to credentials, and the rows they name. Whatever is wrong with one gets the same answer, SecretUnknown."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.models import SecretState, VaultSecret
from tracking_core.secrets.errors import SecretUnknown

_PREFIX = "secret:"


def reference_of(row: VaultSecret) -> str:
    return f"{_PREFIX}{row.id}"


def id_of(reference: str) -> UUID:
    head, _, tail = reference.partition(":")
    try:
        secret_id = UUID(tail)
    except ValueError:
        raise SecretUnknown from None
    if f"{head}:" != _PREFIX:
        raise SecretUnknown
    return secret_id


async def row_of(session: AsyncSession, reference: str, tenant_id: UUID) -> VaultSecret:
    query = select(VaultSecret).where(VaultSecret.id == id_of(reference), VaultSecret.tenant_id == tenant_id)
    row = (await session.scalars(query.execution_options(populate_existing=True))).first()
    if row is None:
        raise SecretUnknown
    return row


def is_open_to(row: VaultSecret, session_id: UUID | None) -> bool:
    if session_id == row.session_id:
        return True
    return session_id is None and row.state == SecretState.VERIFIED


def is_alive(row: VaultSecret, now: datetime) -> bool:
    return row.state != SecretState.REVOKED and (row.expires_at is None or row.expires_at > now)
