"""Keys of our own people and their desks. A name is who they are on a case."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.errors import NotFound
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.kit.ids import new_id
from tracking_core.models import StaffKey, StaffRole
from tracking_core.staff.errors import StaffKeyUnknown, StaffNameTaken

PREFIX = "sk_staff_"
_KEY_BYTES, _HINT = 24, 4
# Two of one name made in the same moment come one after the other.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtext('staff_keys'))")


@dataclass(frozen=True, slots=True)
class NewStaffKey:
    """The only time the key is seen in clear."""

    row: StaffKey
    key: str = field(repr=False)


async def create(session: AsyncSession, name: str, role: StaffRole, *, actor: str) -> NewStaffKey:
    """Raises StaffNameTaken while a key of that name is in use."""
    await session.execute(_ONE_AT_A_TIME)
    query = select(StaffKey.id).where(StaffKey.name == name, col(StaffKey.revoked_at).is_(None))
    if (await session.scalars(query)).first() is not None:
        raise StaffNameTaken
    key = PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    row = StaffKey(id=new_id(), name=name, role=role.value, key_hash=sha256_bytes(key.encode()), hint=key[-_HINT:])
    session.add(row)
    await session.flush()
    record(session, actor=actor, action="staff_key.created", subject=str(row.id), role=role.value)
    return NewStaffKey(row, key)


async def by_key(session: AsyncSession, key: str) -> StaffKey:
    """The key's row. Raises Unauthorized when it is not known or revoked."""
    if not key.startswith(PREFIX):
        raise StaffKeyUnknown
    digest = sha256_bytes(key.encode(errors="replace"))
    query = select(StaffKey).where(StaffKey.key_hash == digest, col(StaffKey.revoked_at).is_(None))
    row = (await session.scalars(query)).first()
    if row is None:
        raise StaffKeyUnknown
    return row


async def in_use(session: AsyncSession, name: str) -> Sequence[StaffKey]:
    """The keys of this name that open something."""
    is_theirs = (StaffKey.name == name, col(StaffKey.revoked_at).is_(None))
    return (await session.scalars(select(StaffKey).where(*is_theirs).order_by(col(StaffKey.id)))).all()


async def revoke(session: AsyncSession, key_id: UUID, *, actor: str, now: datetime) -> StaffKey:
    """From now on it opens nothing; a second time changes nothing. Raises NotFound."""
    row = await session.get(StaffKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound(what="staff key")
    if row.revoked_at is None:
        row.revoked_at = now
        record(session, actor=actor, action="staff_key.revoked", subject=str(row.id))
    return row
