"""The vault: a credential goes in once, is known as ``secret:<id>`` ever after, and is opened only for its own use.

A reference is bound to tenant, session and kind. Whatever is wrong with it gets one answer, SecretUnknown.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CursorResult, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from tracking_core.audit.service import record
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SecretAccess, SecretKind, SecretState, Tenant, VaultSecret
from tracking_core.secrets.backends.choose import backend_named
from tracking_core.secrets.clean import cleaned
from tracking_core.secrets.errors import SecretStoreUnavailable, SecretUnknown
from tracking_core.secrets.keyring import TenantCipher, cipher_for
from tracking_core.secrets.rows import id_of, is_alive, is_open_to, reference_of, row_of
from tracking_core.secrets.value import SecretValue
from tracking_core.settings import get_settings

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


@dataclass(frozen=True, slots=True)
class Admitted:
    """A credential that may be opened, its opening on record; ``unseal`` gives the value."""

    row: VaultSecret = field(repr=False)
    cipher: TenantCipher = field(repr=False)


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
    """``seal`` and ``store`` at once. Raises InvalidRequest, SecretStoreUnavailable.

    The transaction stays open while a secrets manager is written: where many ask, do the two apart.
    """
    row = await seal(tenant=tenant, kind=kind, value=value, actor=actor, session_id=session_id, now=now)
    return store(session, row)


async def seal(
    *, tenant: Tenant, kind: SecretKind, value: str, actor: str, session_id: UUID | None, now: datetime
) -> VaultSecret:
    """The row to ``store``, its value encrypted and, with a secrets manager, kept there. No database is asked.
    Raises InvalidRequest, SecretStoreUnavailable. Never stored, it leaves a value nobody refers to, which
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
    return row


def store(session: AsyncSession, row: VaultSecret) -> StoredSecret:
    """Keep what was sealed, for a while until it is verified."""
    session.add(row)
    record(
        session,
        actor=row.created_by,
        action="secret.stored",
        subject=str(row.id),
        tenant_id=row.tenant_id,
        kind=row.kind,
    )
    return StoredSecret(
        reference=reference_of(row), kind=SecretKind(row.kind), last4=row.last4, fingerprint=row.fingerprint
    )


async def require(
    session: AsyncSession,
    reference: str,
    *,
    tenant_id: UUID,
    session_id: UUID | None,
    kind: SecretKind,
    now: datetime,
) -> VaultSecret:
    """The row that ``open_`` would open, without opening it. Raises SecretUnknown."""
    row = await row_of(session, reference, tenant_id)
    if row.kind != kind or not is_open_to(row, session_id) or not is_alive(row, now):
        log.warning("secret_refused", credential_id=str(row.id), kind=row.kind, asked_kind=kind)
        raise SecretUnknown
    return row


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
    """``admit`` and ``unseal`` at once. Raises SecretUnknown, SecretStoreUnavailable.

    The transaction stays open while a secrets manager is asked: where many ask, do the two apart.
    """
    admitted = await admit(
        session, reference, tenant_id=tenant_id, session_id=session_id, kind=kind, actor=actor, purpose=purpose
    )
    return await unseal(admitted)


async def admit(
    session: AsyncSession,
    reference: str,
    *,
    tenant_id: UUID,
    session_id: UUID | None,
    kind: SecretKind,
    actor: str,
    purpose: str,
) -> Admitted:
    """Let the credential be opened, with that on record in the caller's transaction. Raises SecretUnknown.

    ``session_id`` None is the hub's own use (the doctor, a delivery): of what is verified, or belongs to no session.
    """
    row = await require(session, reference, tenant_id=tenant_id, session_id=session_id, kind=kind, now=clock.now())
    tenant = await session.get_one(Tenant, tenant_id)
    session.add(SecretAccess(secret_id=row.id, tenant_id=tenant_id, actor=actor, purpose=purpose))
    return Admitted(row, cipher_for(tenant_id, tenant.wrapped_data_key))


async def unseal(admitted: Admitted) -> SecretValue:
    """The value. No database is asked. Raises SecretUnknown, SecretStoreUnavailable."""
    row = admitted.row
    sealed = await backend_named(row.backend, get_settings()).fetch(row)
    return SecretValue(admitted.cipher.decrypt(sealed, _context(row.id)).decode())


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
    row = await row_of(session, reference, tenant_id)
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
        col(VaultSecret.id) == id_of(reference),
        col(VaultSecret.tenant_id) == tenant_id,
        col(VaultSecret.state) != SecretState.REVOKED,
        or_(col(VaultSecret.expires_at).is_(None), col(VaultSecret.expires_at) > now),
        *conditions,
    )
    return _count(await session.execute(statement.values(**values))) == 1


def _count(done: Any) -> int:
    return done.rowcount if isinstance(done, CursorResult) else 0


def _context(secret_id: UUID) -> str:
    return f"vault:{secret_id}:value"
