"""Rotation of the key-encryption key: each tenant's data key is wrapped again by the newest key, and stays the same.

So nothing of a tenant's is encrypted again, and a running process that knows both keys notices nothing. The hub's own
alert channels, which belong to no tenant, are sealed again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.alerts.channels import rekeying
from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.errors import ConfigurationError
from tracking_core.secrets.keyring import Keyring, process_keyring

UNKNOWN = "?"
_ACTION = "keys.rewrapped"
# What stands before the NUL is the key's id. A closed tenant has no data key.
_USAGE = text("""
SELECT convert_from(substring(wrapped_data_key FROM 1 FOR position('\\x00'::bytea IN wrapped_data_key) - 1), 'UTF8')
    AS key_id, count(*) AS tenants
FROM tenants WHERE octet_length(wrapped_data_key) > 0 GROUP BY key_id ORDER BY key_id
""")
# The weaker lock: rows that refer to a tenant are inserted meanwhile.
_OUTDATED = text("""
SELECT id, wrapped_data_key FROM tenants
WHERE substring(wrapped_data_key FROM 1 FOR octet_length(:mark)) <> :mark AND octet_length(wrapped_data_key) > 0
ORDER BY id LIMIT :limit FOR NO KEY UPDATE
""")
_REWRAP = text("UPDATE tenants SET wrapped_data_key = :wrapped WHERE id = :id")


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """One key-encryption key. ``tenants`` is how many data keys it wraps, ``channels`` how many of the hub's own alert
    channels it seals. ``key_id`` is ``UNKNOWN`` for what no configured key opens and what does not name its key."""

    key_id: str
    tenants: int
    is_newest: bool
    is_configured: bool
    channels: int = 0

    @property
    def is_used(self) -> bool:
        return self.tenants + self.channels > 0

    @property
    def is_due(self) -> bool:
        """What it keeps has to be wrapped again before it may go."""
        return self.is_used and not self.is_newest

    @property
    def is_removable(self) -> bool:
        """Whether it may leave HUB_SECRETS_KEYS, as far as this database goes (a backup may still need it)."""
        return self.is_configured and not self.is_newest and not self.is_used

    @property
    def is_missing(self) -> bool:
        """Rows need it and the settings lack it."""
        return not self.is_configured


async def key_usage(session: AsyncSession) -> list[KeyUsage]:
    """Every key that is configured, the newest first, or that a row needs."""
    known, primary = process_keyring().key_ids, process_keyring().primary
    tenants = {row.key_id: row.tenants for row in await session.execute(_USAGE)}
    channels = {key_id or UNKNOWN: count for key_id, count in (await rekeying.key_usage(session)).items()}
    ids = [*known, *sorted({*tenants, *channels} - set(known))]
    return [KeyUsage(one, tenants.get(one, 0), one == primary, one in known, channels.get(one, 0)) for one in ids]


async def rewrap(*, actor: str, batch: int = 100) -> AsyncIterator[int]:
    """Wrap what older keys wrap by the newest, and seal the hub's own channels; yields how many each committed batch
    did.

    Stopped at any point it is simply run again. Raises ConfigurationError, before it changes anything, when a row
    needs a key that the settings lack.
    """
    async with transaction() as session:
        require_no_missing(await key_usage(session))
    while done := await _rewrapped(actor, batch):
        yield done
    async with transaction() as session:
        resealed = await rekeying.reseal(session)
        if resealed:
            record(session, actor=actor, action=_ACTION, subject=process_keyring().primary, channels=resealed)
    if resealed:
        yield resealed


def require_no_missing(usage: list[KeyUsage]) -> None:
    missing = [f"{one.key_id!r} ({_kept(one)})" for one in usage if one.is_missing]
    if missing:
        raise ConfigurationError(problem=f"HUB_SECRETS_KEYS lacks keys that rows need: {', '.join(missing)}.")


def _kept(usage: KeyUsage) -> str:
    kept = {"tenants": usage.tenants, "alert channels of the hub": usage.channels}
    return ", ".join(f"{count} {what}" for what, count in kept.items() if count)


async def _rewrapped(actor: str, batch: int) -> int:
    async with transaction() as session:
        done = await _rewrap_some(session, process_keyring(), batch)
        if done:
            record(session, actor=actor, action=_ACTION, subject=process_keyring().primary, tenants=done)
    return done


async def _rewrap_some(session: AsyncSession, keyring: Keyring, limit: int) -> int:
    mark = keyring.primary.encode() + b"\0"
    rows = (await session.execute(_OUTDATED, {"mark": mark, "limit": limit})).all()
    changes = [{"id": row.id, "wrapped": keyring.rewrapped(bytes(row.wrapped_data_key), row.id)} for row in rows]
    if changes:
        await session.execute(_REWRAP, changes)
    return len(changes)
