"""Delete what must no longer be kept: credentials nobody verified, and values left in a secrets manager.

Each step is a transaction of its own, and no row is locked while a manager is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.logging import lines_about, lines_apart
from tracking_core.models import SecretState, VaultSecret
from tracking_core.secrets import vault
from tracking_core.secrets.backends.base import Backend
from tracking_core.secrets.backends.choose import backend_named
from tracking_core.secrets.errors import SecretStoreUnavailable
from tracking_core.settings import get_settings

_BATCH = 20  # a manager that does not answer costs its timeout each
_FORGET_WHERE = text("UPDATE vault_secrets SET external_ref = NULL WHERE id = :id")
# A value is written before its row is committed; by then it is, or never will be.
_ORPHAN_AGE = timedelta(hours=1)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """``wiped`` and ``orphans`` are deletions in a secrets manager."""

    expired: int
    wiped: int
    orphans: int = 0


async def sweep(now: datetime, *, orphans: bool = False) -> Swept:
    """With ``orphans``, also delete values of the chosen backend that no row of this database refers to. Two hubs that
    share a prefix would delete each other's, so only a person asks for it."""
    async with transaction() as session:
        expired = await vault.expire_unverified(session, now)
    wiped = await _wipe_revoked()
    return Swept(expired, wiped, await _drop_orphans(now) if orphans else 0)


async def _wipe_revoked() -> int:
    """A manager that fails leaves the rest for the next sweep."""
    wiped = 0
    for row in await _revoked():
        try:
            await backend_named(row.backend, get_settings()).wipe(row)
        except (SecretStoreUnavailable, ConfigurationError) as error:
            with lines_apart():
                lines_about(row.tenant_id)
                log.warning("secret_wipe_postponed", credential_id=str(row.id), backend=row.backend, problem=str(error))
            continue
        async with transaction() as session:
            await session.execute(_FORGET_WHERE, {"id": row.id})
        wiped += 1
    return wiped


async def _revoked() -> Sequence[VaultSecret]:
    query = select(VaultSecret).where(
        VaultSecret.state == SecretState.REVOKED, col(VaultSecret.external_ref).is_not(None)
    )
    async with transaction() as session:
        return (await session.scalars(query.order_by(func.random()).limit(_BATCH))).all()


async def _drop_orphans(now: datetime) -> int:
    settings = get_settings()
    backend = backend_named(settings.vault_backend, settings)
    old = [one for one in await backend.kept_outside() if _made_at(one) < (now - _ORPHAN_AGE).timestamp()]
    async with transaction() as session:
        strays = set(old) - await _known(session, backend)
    for stray in strays:
        log.info("secret_orphan_deleted", backend=backend.name, credential_id=str(stray))
        await backend.drop(stray)
    return len(strays)


async def _known(session: AsyncSession, backend: Backend) -> set[UUID]:
    query = select(VaultSecret.id).where(
        VaultSecret.backend == backend.name, col(VaultSecret.external_ref).is_not(None)
    )
    return set((await session.scalars(query)).all())


def _made_at(secret_id: UUID) -> float:
    """Seconds since the epoch: a version 7 id begins with its millisecond."""
    return (secret_id.int >> 80) / 1_000
