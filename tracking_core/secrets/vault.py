"""The vault: a credential goes in once, is known as ``secret:<id>`` ever after, and is opened only for its own use.

A reference is bound to tenant, session and kind. Whatever is wrong with it gets one answer, SecretUnknown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CursorResult, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SecretAccess, SecretKind, SecretState, Tenant, VaultSecret
from tracking_core.secrets.backends.choose import backend_named
from tracking_core.secrets.clean import cleaned
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown
from tracking_core.secrets.keyring import cipher_for
from tracking_core.secrets.value import SecretValue
from tracking_core.settings import get_settings

_PREFIX = "secret:"
_LAST_DIGITS = 4
# Below it the last four would be too much of the whole.
_SHOWN_FROM_LENGTH = 12
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """All that is ever shown of a credential. ``last4`` is empty for a short one."""

    reference: str
    kind: SecretKind
    last4: str
    fingerprint: str


async def put(
    session: AsyncSession,
    *,
    tenant: Tenant,
    kind: SecretKind,
    value: str,
    actor: str,
    session_id: UUID | None,
    now: datetime,
) -> StoredSecret:
    """Keep a value, for a while until it is verified. Raises InvalidRequest, SecretStoreUnavailable.

    A secrets manager is written before the row: a crash in between leaves a sealed value nobody refers to, which
    ``hub secrets sweep --orphans`` finds by its name.
    """
    text, settings = cleaned(value), get_settings()
    cipher, secret_id = cipher_for(tenant.id, tenant.wrapped_data_key), new_id()
    row = VaultSecret(
        id=secret_id,
        tenant_id=tenant.id,
        session_id=session_id,
        kind=kind,
        backend=settings.vault_backend,
        fingerprint=cipher.fingerprint(text.encode()),
        last4=text[-_LAST_DIGITS:] if len(text) >= _SHOWN_FROM_LENGTH else "",
        created_by=actor,
        expires_at=now + timedelta(hours=settings.vault_unverified_hours),
    )
    await backend_named(row.backend, settings).keep(row, cipher.encrypt(text.encode(), _context(secret_id)))
    session.add(row)
    record(session, actor=actor, action="secret.stored", subject=str(row.id), tenant_id=tenant.id, kind=kind)
    return StoredSecret(reference=f"{_PREFIX}{row.id}", kind=kind, last4=row.last4, fingerprint=row.fingerprint)


async def open_(
    session: AsyncSession,
    reference: str,
    *,
    tenant_id: UUID,
    session_id: UUID | None,
    kind: SecretKind,
    actor: str,
    purpose: str,
) -> SecretValue:
    """The value, with its opening on record in the caller's transaction. Raises SecretUnknown, SecretStoreUnavailable.

    ``session_id`` None is the hub's own use (the doctor, a delivery): of what is verified, or belongs to no session.
    """
    row = await _row(session, reference, tenant_id)
    if row.kind != kind or not _is_open_to(row, session_id) or not _is_alive(row, clock.now()):
        log.warning("secret_refused", credential_id=str(row.id), kind=row.kind, asked_kind=kind, actor=actor)
        raise SecretUnknown
    tenant = await session.get_one(Tenant, tenant_id)
    sealed = await backend_named(row.backend, get_settings()).fetch(row)
    session.add(SecretAccess(secret_id=row.id, tenant_id=tenant_id, actor=actor, purpose=purpose))
    clear = cipher_for(tenant_id, tenant.wrapped_data_key).decrypt(sealed, _context(row.id))
    return SecretValue(clear.decode())


async def verify(session: AsyncSession, reference: str, *, tenant_id: UUID, actor: str, now: datetime) -> None:
    """It was proved against its provider: it no longer expires. Raises SecretUnknown."""
    done = await _update(
        session, reference, tenant_id, now, state=SecretState.VERIFIED, verified_at=now, expires_at=None
    )
    if not done:
        raise SecretUnknown
    record(session, actor=actor, action="secret.verified", subject=reference, tenant_id=tenant_id)


async def retain(session: AsyncSession, reference: str, *, tenant_id: UUID, now: datetime) -> None:
    """A connection uses it: it does not expire while nothing has proved it yet. Raises SecretUnknown."""
    if not await _update(session, reference, tenant_id, now, expires_at=None):
        raise SecretUnknown


async def release(session: AsyncSession, reference: str, *, tenant_id: UUID, now: datetime) -> None:
    """No connection uses it: unless verified, it expires again."""
    ends = now + timedelta(hours=get_settings().vault_unverified_hours)
    unverified = col(VaultSecret.state) == SecretState.UNVERIFIED
    await _update(session, reference, tenant_id, now, unverified, expires_at=ends)


async def revoke(session: AsyncSession, reference: str, *, tenant_id: UUID, actor: str, now: datetime) -> None:
    """Its value is gone, its row stays; done twice is done. Raises SecretUnknown.

    With a secrets manager out of reach the reference is dead all the same, and the sweep deletes the value later.
    """
    row = await _row(session, reference, tenant_id)
    if row.state == SecretState.REVOKED:
        return
    try:
        await backend_named(row.backend, get_settings()).wipe(row)
    except SecretStoreUnavailable:
        log.warning("secret_wipe_postponed", credential_id=str(row.id))
    row.state, row.revoked_at, row.expires_at = SecretState.REVOKED, now, None
    record(session, actor=actor, action="secret.revoked", subject=str(row.id), tenant_id=tenant_id)


async def expire_unverified(session: AsyncSession, now: datetime) -> int:
    """End what nobody verified in time; how many. Values in a secrets manager are deleted by the sweep."""
    done = await session.execute(
        update(VaultSecret)
        .where(
            col(VaultSecret.state) == SecretState.UNVERIFIED,
            col(VaultSecret.expires_at) <= now,
        )
        .values(state=SecretState.REVOKED, revoked_at=now, expires_at=None, sealed=None)
    )
    return _count(done)


async def _row(session: AsyncSession, reference: str, tenant_id: UUID) -> VaultSecret:
    query = select(VaultSecret).where(VaultSecret.id == _id(reference), VaultSecret.tenant_id == tenant_id)
    row = (await session.scalars(query.execution_options(populate_existing=True))).first()
    if row is None:
        raise SecretUnknown
    return row


async def _update(
    session: AsyncSession,
    reference: str,
    tenant_id: UUID,
    now: datetime,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> bool:
    """One statement, so that nothing revoked or expired meanwhile comes back to life."""
    statement = update(VaultSecret).where(
        col(VaultSecret.id) == _id(reference),
        col(VaultSecret.tenant_id) == tenant_id,
        col(VaultSecret.state) != SecretState.REVOKED,
        or_(col(VaultSecret.expires_at).is_(None), col(VaultSecret.expires_at) > now),
        *conditions,
    )
    return _count(await session.execute(statement.values(**values))) == 1


def _count(done: Any) -> int:
    return done.rowcount if isinstance(done, CursorResult) else 0


def _is_open_to(row: VaultSecret, session_id: UUID | None) -> bool:
    if session_id == row.session_id:
        return True
    return session_id is None and row.state == SecretState.VERIFIED


def _is_alive(row: VaultSecret, now: datetime) -> bool:
    return row.state != SecretState.REVOKED and (row.expires_at is None or row.expires_at > now)


def _id(reference: str) -> UUID:
    head, _, tail = reference.partition(":")
    try:
        secret_id = UUID(tail)
    except ValueError:
        raise SecretUnknown from None
    if f"{head}:" != _PREFIX:
        raise SecretUnknown
    return secret_id


def _context(secret_id: UUID) -> str:
    return f"vault:{secret_id}:value"
