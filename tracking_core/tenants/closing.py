"""The end of a tenant: nothing comes in or goes out any more, and what was sealed for it opens never again.

All of it happens in one transaction but the wiping of credentials, which may be kept elsewhere: that is done one by one
afterwards, and goes on where it was when it is asked for again. The ledger and the audit log stay; what is left of
people is taken away within two hours (``retention.closed``). What other processes still hold in memory, and for how
long: a write key known to a collector 30 s (``api.write_keys``), an opened data key ``keyring.OPENED_SECONDS``.

No backup holds the data key: the one file that does is replaced by the next backup (``backup.keyfile``).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.errors import NotFound
from tracking_core.models import SecretState, Tenant, VaultSecret
from tracking_core.secrets import vault
from tracking_core.tenants.errors import ClosingNotConfirmed
from tracking_core.tenants.lookup import get

REASON = "tenant_closed"
_COUNTS = {
    "write_and_secret_keys": "api_keys WHERE tenant_id = :tenant AND revoked_at IS NULL",
    "webhook_endpoints": "webhook_endpoints WHERE tenant_id = :tenant AND disabled_at IS NULL",
    "meta_connections": "meta_connections WHERE tenant_id = :tenant AND disabled_at IS NULL",
    "memberships": "memberships WHERE tenant_id = :tenant AND ended_at IS NULL",
    "waiting_deliveries": "deliveries WHERE tenant_id = :tenant AND state IN ('waiting', 'retrying')",
    "unread_webhooks": "received_webhooks WHERE tenant_id = :tenant AND state = 'received'",
    "open_handoffs": "setup_handoffs WHERE tenant_id = :tenant AND state IN ('open', 'taken')",
    "open_privacy_requests": "privacy_requests WHERE tenant_id = :tenant AND state IN ('planned', 'running')",
}
_SEALED = {
    "credentials": "vault_secrets WHERE tenant_id = :tenant AND state <> 'revoked'",
    "raw_webhooks": "received_webhooks WHERE tenant_id = :tenant AND octet_length(body) > 0",
    "screenshots": "setup_screenshots WHERE tenant_id = :tenant AND sealed IS NOT NULL",
    "seller_contacts": "setup_sessions WHERE tenant_id = :tenant AND contact IS NOT NULL",
    "undo_records": "setup_action_logs WHERE tenant_id = :tenant AND before IS NOT NULL",
}
_END = (
    "UPDATE api_keys SET revoked_at = :now WHERE tenant_id = :tenant AND revoked_at IS NULL",
    "UPDATE webhook_endpoints SET disabled_at = :now WHERE tenant_id = :tenant AND disabled_at IS NULL",
    "UPDATE meta_connections SET disabled_at = :now WHERE tenant_id = :tenant AND disabled_at IS NULL",
    "UPDATE memberships SET ended_at = :now WHERE tenant_id = :tenant AND ended_at IS NULL",
    "UPDATE received_webhooks SET state = 'ignored', reason = :reason, processed_at = :now"
    " WHERE tenant_id = :tenant AND state = 'received'",
    # One that a worker is sending at this moment gets its outcome, whatever that is.
    "UPDATE deliveries SET state = 'withheld', reason = :reason"
    " WHERE tenant_id = :tenant AND state IN ('waiting', 'retrying') AND lease_id IS NULL",
    "UPDATE setup_intents SET state = 'refused', code = :reason, handled_at = :now"
    " WHERE tenant_id = :tenant AND state = 'queued'",
    "UPDATE setup_approvals SET state = 'superseded' WHERE tenant_id = :tenant AND state = 'pending'",
    "UPDATE setup_handoffs SET state = 'resolved', closed_at = :now, updated_at = :now"
    " WHERE tenant_id = :tenant AND state IN ('open', 'taken')",
    "UPDATE notifications SET state = 'dead', error = :reason WHERE tenant_id = :tenant AND state = 'waiting'",
    # Raw webhooks may be millions: they are dark, and retention takes them away.
    "UPDATE setup_screenshots SET state = 'discarded', sealed = NULL, extraction = '{}', reason = :reason"
    " WHERE tenant_id = :tenant AND sealed IS NOT NULL",
    "UPDATE setup_sessions SET contact = NULL WHERE tenant_id = :tenant AND contact IS NOT NULL",
    "UPDATE privacy_requests SET state = 'closed', sealed = NULL, finished_at = :now"
    " WHERE tenant_id = :tenant AND state IN ('planned', 'running')",
    "UPDATE tenants SET wrapped_data_key = '', closed_at = :now WHERE id = :tenant",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What a closing would do or did. ``ends`` and ``unreadable`` are counts; ``has_key`` until its data key is
    destroyed."""

    tenant_id: UUID
    name: str
    closed_at: datetime | None
    has_key: bool
    ends: dict[str, int]
    unreadable: dict[str, int]


async def plan(session: AsyncSession, tenant_id: UUID) -> Closing:
    """Raises NotFound."""
    return await _told(session, await get(session, tenant_id))


async def close(session: AsyncSession, tenant_id: UUID, *, name: str, actor: str, now: datetime) -> Closing:
    """Close it; what that ended. Closed again, it ends nothing. Raises NotFound, ClosingNotConfirmed."""
    tenant = await _held(session, tenant_id)
    if name != tenant.name:
        raise ClosingNotConfirmed
    planned = await _told(session, tenant)
    if tenant.closed_at is not None:
        return planned
    for statement in _END:
        await session.execute(text(statement), _values(statement, tenant=tenant_id, now=now, reason=REASON))
    ended = {**planned.ends, **{f"sealed_{kind}": count for kind, count in planned.unreadable.items()}}
    record(session, actor=actor, action="tenant.closed", subject=str(tenant_id), tenant_id=tenant_id, **ended)
    await session.refresh(tenant)
    return Closing(
        tenant_id=tenant_id,
        name=tenant.name,
        closed_at=now,
        has_key=False,
        ends=planned.ends,
        unreadable=planned.unreadable,
    )


async def revoke_secrets(tenant_id: UUID, *, actor: str, now: datetime) -> int:
    """Wipe the credentials of a closed tenant, a transaction each; how many were left. A secrets manager that does not
    answer keeps nothing alive: the reference is dead, the data key is gone, and the sweep wipes the value later."""
    async with transaction() as session:
        is_left = (VaultSecret.tenant_id == tenant_id, col(VaultSecret.state) != SecretState.REVOKED)
        left = (await session.scalars(select(VaultSecret.id).where(*is_left).order_by(col(VaultSecret.id)))).all()
    for secret_id in left:
        async with transaction() as session:
            await vault.revoke(session, f"secret:{secret_id}", tenant_id=tenant_id, actor=actor, now=now)
    return len(left)


async def _held(session: AsyncSession, tenant_id: UUID) -> Tenant:
    """Locked against rows that refer to it: a webhook is either before the end, or finds it."""
    query = select(Tenant).where(Tenant.id == tenant_id).with_for_update()
    tenant = (await session.scalars(query, execution_options={"populate_existing": True})).first()
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


async def _told(session: AsyncSession, tenant: Tenant) -> Closing:
    return Closing(
        tenant_id=tenant.id,
        name=tenant.name,
        closed_at=tenant.closed_at,
        has_key=bool(tenant.wrapped_data_key),
        ends=await _counted(session, _COUNTS, tenant.id),
        unreadable=await _counted(session, _SEALED, tenant.id),
    )


async def _counted(session: AsyncSession, what: dict[str, str], tenant_id: UUID) -> dict[str, int]:
    queries = {name: text(f"SELECT count(*) FROM {rows}") for name, rows in what.items()}  # noqa: S608 - constants
    return {name: await session.scalar(query, {"tenant": tenant_id}) or 0 for name, query in queries.items()}


def _values(statement: str, **known: object) -> dict[str, object]:
    return {name: value for name, value in known.items() if f":{name}" in statement}
