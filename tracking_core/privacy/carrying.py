"""A request that is being carried out: whose turn it is, and what of the person is known so far."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db.engine import transaction
from tracking_core.logging import lines_about
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import webhook_keys
from tracking_core.privacy.closure import locate
from tracking_core.privacy.errors import PersonTooWide
from tracking_core.privacy.person import Person, packed, unpacked
from tracking_core.privacy.sealed import request_context
from tracking_core.tenants.lookup import cipher_of

# Marks among the rows by step in ``progress``: the next step, and whether this pass has changed anything.
AT, CHANGED = "at", "changed"
# Not the row's lock: whoever asks about the person meanwhile reads the row.
_TURN = text("SELECT pg_try_advisory_xact_lock(hashtext('privacy_requests'), hashtext(:request))")
# Whoever plans browser events holds its connection's row: what it read before the last pass is planned by then.
_PLANNED = text("SELECT FROM meta_connections WHERE tenant_id = :tenant FOR SHARE")


async def taken(session: AsyncSession, request_id: UUID) -> PrivacyRequest | None:
    """The request until the transaction ends. None when it is not to be carried out, or somebody else is at it."""
    if not await session.scalar(_TURN, {"request": str(request_id)}):
        return None
    row = await session.get(PrivacyRequest, request_id)
    if row is None or row.state != PrivacyState.RUNNING:
        return None
    lines_about(row.tenant_id)
    return row


async def opened(session: AsyncSession, row: PrivacyRequest) -> tuple[Tenant, Person]:
    tenant = await session.get_one(Tenant, row.tenant_id)
    return tenant, unpacked(cipher_of(tenant).decrypt(row.sealed or b"", request_context(row.id)))


async def begin_pass(request_id: UUID) -> None:
    """Before the first step of a pass: what was read before the last one is written by now, to be met by this one; and
    what came since the plan is the person's too, when it was a search that made this pass necessary."""
    async with transaction() as session:
        row = await session.get(PrivacyRequest, request_id)
        if row is None or row.state != PrivacyState.RUNNING or row.progress.get(AT):
            return
        await session.execute(_PLANNED, {"tenant": row.tenant_id})
    lines_about(row.tenant_id)
    if row.searches:
        await _look_again(row)


async def _look_again(known: PrivacyRequest) -> None:
    await webhook_keys.read_all(known.tenant_id)
    async with transaction() as session:
        if (row := await taken(session, known.id)) is not None:
            tenant, person = await opened(session, row)
            with suppress(PersonTooWide):  # then it goes on with what was found before
                person.add(await locate(session, tenant, person.identifier))
            row.sealed = cipher_of(tenant).encrypt(packed(person), request_context(row.id))
