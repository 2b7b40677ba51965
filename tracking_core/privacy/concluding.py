"""The end of an erasure: every column is searched, and what that finds decides whether it is the end."""

from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import catalogue, verify, words
from tracking_core.privacy.applying import CHUNK, apply
from tracking_core.privacy.carrying import AT, CHANGED, opened, taken
from tracking_core.privacy.person import Person
from tracking_core.privacy.plan import steps_of
from tracking_core.privacy.receipt import receipt_of
from tracking_core.privacy.verify import Searched
from tracking_core.settings import Settings

# A gateway speaks of the person while they are erased, and once more while that is mended. What is found again after
# that does not come from outside: a person must look.
_SEARCHES_MAX = 3
_ACTOR = "privacy"


async def conclude(request_id: UUID, settings: Settings) -> PrivacyState | None:
    """Search; then the end, or RUNNING when there is something new to erase. None: somebody else is at it.

    The row is locked after the search alone, so nobody waits for that who asks about the person.
    """
    async with transaction() as session:
        row = await taken(session, request_id)
        if row is None:
            return None
        tenant, person = await opened(session, row)
        searched = await _searched(session, tenant, person, row.id, settings)
        await session.refresh(row, with_for_update=True)
        if row.state != PrivacyState.RUNNING:
            return None
        row.searches += 1
        if searched.is_clean or row.searches >= _SEARCHES_MAX:
            return await _finish(session, row, searched)
        if any(one.table in words.LARGE for one in searched.found):
            await _mask_large(session, row, tenant, person)
        row.progress = {**row.progress, AT: 0, CHANGED: False}
        return PrivacyState.RUNNING


async def _searched(
    session: AsyncSession, tenant: Tenant, person: Person, request_id: UUID, settings: Settings
) -> Searched:
    redis = Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=2)
    try:
        return await verify.search(session, tenant, person, but_request=request_id, redis=redis)
    finally:
        await redis.aclose()


async def _mask_large(session: AsyncSession, row: PrivacyRequest, tenant: Tenant, person: Person) -> None:
    """What a large table still says in words, which the steps do not look through."""
    values = person.parameters(tenant)
    for step in words.steps(await catalogue.tables(session), large=True):
        rows = await apply(session, step, values, limit=CHUNK)
        row.progress = {**row.progress, step.name: int(row.progress.get(step.name, 0)) + rows}


async def _finish(session: AsyncSession, row: PrivacyRequest, searched: Searched) -> PrivacyState:
    row.state = PrivacyState.DONE if searched.is_clean else PrivacyState.REMAINS
    row.finished_at, row.sealed = clock.now(), None
    row.progress = {name: rows for name, rows in row.progress.items() if name not in (AT, CHANGED)}
    row.receipt = receipt_of(row, await steps_of(session), searched)
    erased, subject = sum(row.progress.values()), str(row.id)
    record(session, actor=_ACTOR, action=f"privacy.{row.state}", subject=subject, tenant_id=row.tenant_id, rows=erased)
    return PrivacyState(row.state)
