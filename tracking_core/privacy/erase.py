"""Carry an approved request out: bounded transactions, each of which takes up where the last commit left off.

Nothing has to be remembered but which step is next: a step finds only what is not yet as it is to be. The steps are
gone through until a whole pass changes nothing, so what a worker wrote at the same moment is met by the next pass. Then
every column is searched, and the identifier itself, sealed until now, is dropped.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.db.engine import AWAY, transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import catalogue, verify, words
from tracking_core.privacy.person import ERASED, Person, unpacked
from tracking_core.privacy.plan import steps_of
from tracking_core.privacy.receipt import receipt_of
from tracking_core.privacy.sealed import request_context
from tracking_core.privacy.step import Step
from tracking_core.privacy.verify import Searched
from tracking_core.reconciliation.erasure import forget_sales
from tracking_core.settings import Settings
from tracking_core.tenants.lookup import cipher_of

CHUNK = 1_000
_PASSES_MAX = 10
_FAILURES_MAX = 5
_SWEEP_LIMIT = 100
_AT, _CHANGED = "at", "changed"
_LISTED = "listed_sales"
_ACTOR = "privacy"
# Some steps read all matches or browser deliveries of a tenant, which no index answers.
_LONGER = text("SET LOCAL statement_timeout = '120s'")

log = structlog.get_logger()


async def due_requests(session: AsyncSession) -> list[UUID]:
    """Those that are approved and not finished, oldest first."""
    due = select(PrivacyRequest.id).where(PrivacyRequest.state == PrivacyState.RUNNING)
    return list((await session.scalars(due.order_by(col(PrivacyRequest.approved_at)).limit(_SWEEP_LIMIT))).all())


async def drain_request(request_id: UUID, settings: Settings) -> AsyncIterator[PrivacyState]:
    """Carry it out, yielding after each commit. Whoever finds another at it leaves it to them."""
    state = PrivacyState.RUNNING
    while state is PrivacyState.RUNNING:
        try:
            async with transaction() as session:
                row = await session.get(PrivacyRequest, request_id, with_for_update={"skip_locked": True})
                if row is None or row.state != PrivacyState.RUNNING:
                    return
                state = await _Hand(session, row, settings).go_on()
        except (*AWAY, RedisError, OSError):
            raise  # a server is away: nothing is wrong with the request, and the sweeper rings again
        except Exception as error:
            log.exception("privacy_step_failed", request_id=str(request_id), error=type(error).__name__)
            state = await _failed(request_id)
            if state is PrivacyState.RUNNING:
                raise
        yield state


class _Hand:
    """A request in a transaction of its own, locked."""

    def __init__(self, session: AsyncSession, row: PrivacyRequest, settings: Settings) -> None:
        self._session, self._row, self._settings = session, row, settings

    async def go_on(self) -> PrivacyState:
        """Up to ``CHUNK`` rows; after the last pass the search and the receipt."""
        await self._session.execute(_LONGER)
        tenant = await self._session.get_one(Tenant, self._row.tenant_id)
        sealed = cipher_of(tenant).decrypt(self._row.sealed or b"", request_context(self._row.id))
        person = unpacked(sealed)
        if await self._erase(tenant, person):
            return PrivacyState.RUNNING
        searched = await self._search(tenant, person)
        return await self._finish(person, searched)

    async def _erase(self, tenant: Tenant, person: Person) -> bool:
        """Whether there may be more to do. ``progress`` keeps rows by step, the next step and whether this pass has
        changed anything."""
        steps, values = await steps_of(self._session), person.parameters(tenant)
        done, left = dict(self._row.progress), CHUNK
        if not done.get(_AT):
            # First of all, so that nothing a gateway says meanwhile brings a sale back.
            orders = [one for one in sorted(person.orders) if not one.startswith(ERASED)]
            gone = await forget_sales(self._session, tenant.id, orders, clock.now())
            done[_LISTED] = int(done.get(_LISTED, 0)) + gone
        while left > 0 and (at := int(done.get(_AT, 0))) < len(steps):
            rows = await apply(self._session, steps[at], values, limit=left)
            if rows:
                done[steps[at].name] = int(done.get(steps[at].name, 0)) + rows
                done[_CHANGED] = True
            if rows < left:
                done[_AT] = at + 1
            left -= rows
        is_whole = int(done.get(_AT, 0)) >= len(steps)
        if is_whole and left > 0:
            masked = await self._mask_checkpoints(person, values, left)
            if masked:
                done["checkpoints"], done[_CHANGED] = int(done.get("checkpoints", 0)) + masked, True
            is_whole = masked < left
        goes_on = not is_whole or (bool(done.get(_CHANGED)) and self._row.passes < _PASSES_MAX)
        if is_whole:
            self._row.passes += 1
            if goes_on:
                done |= {_AT: 0, _CHANGED: False}
        self._row.progress = done
        return goes_on

    async def _mask_checkpoints(self, person: Person, values: dict[str, Any], limit: int) -> int:
        masked = 0
        for table in words.checkpoints(await catalogue.tables(self._session)):
            masked += await words.mask_bytes(self._session, table, person.forms, values, limit)
        return masked

    async def _search(self, tenant: Tenant, person: Person) -> Searched:
        """Every column. What a large table still says in words is masked, and searched once more."""
        redis = Redis.from_url(self._settings.redis_url, socket_timeout=5, socket_connect_timeout=2)
        try:
            searched = await self._searched(tenant, person, redis)
            large = [one for one in searched.found if one.table in words.LARGE]
            if large and await self._mask_large(tenant, person):
                searched = await self._searched(tenant, person, redis)
            return searched
        finally:
            await redis.aclose()

    async def _searched(self, tenant: Tenant, person: Person, redis: Redis) -> Searched:
        return await verify.search(self._session, tenant, person, but_request=self._row.id, redis=redis)

    async def _mask_large(self, tenant: Tenant, person: Person) -> int:
        rows, values = 0, person.parameters(tenant)
        for step in words.steps(await catalogue.tables(self._session), large=True):
            rows += await apply(self._session, step, values, limit=CHUNK)
            self._row.progress = {**self._row.progress, step.name: rows}
        return rows

    async def _finish(self, person: Person, searched: Searched) -> PrivacyState:
        row = self._row
        row.state = PrivacyState.DONE if searched.is_clean else PrivacyState.REMAINS
        row.finished_at, row.sealed = clock.now(), None
        row.progress = {name: rows for name, rows in row.progress.items() if name not in (_AT, _CHANGED)}
        row.receipt = receipt_of(row, await steps_of(self._session), searched)
        erased = sum(row.progress.values())
        subject = str(row.id)
        record(
            self._session,
            actor=_ACTOR,
            action=f"privacy.{row.state}",
            subject=subject,
            tenant_id=row.tenant_id,
            rows=erased,
        )
        return PrivacyState(row.state)


async def apply(session: AsyncSession, step: Step, values: dict[str, Any], *, limit: int) -> int:
    """Do the step to at most ``limit`` rows; how many it was done to."""
    key = ", ".join(f"t.{column}" for column in step.key)
    same = " AND ".join(f"t.{column} = due.{column}" for column in step.key)
    due = f"WITH due AS (SELECT {key} FROM {step.table} AS t WHERE {step.due} LIMIT :limit FOR UPDATE OF t)"  # noqa: S608
    if step.sets:
        changes = ", ".join(f"{column} = {value}" for column, value in step.sets.items())
        statement = f"{due} UPDATE {step.table} AS t SET {changes} FROM due WHERE {same}"  # noqa: S608
    else:
        statement = f"{due} DELETE FROM {step.table} AS t USING due WHERE {same}"  # noqa: S608
    result = await session.execute(text(statement), {**values, "limit": limit})
    return int(result.rowcount)  # type: ignore[attr-defined]


async def _failed(request_id: UUID) -> PrivacyState:
    """A defect of ours must not be met for ever: a person looks at what failed this often."""
    async with transaction() as session:
        row = await session.get_one(PrivacyRequest, request_id, with_for_update=True)
        row.failures += 1
        if row.failures >= _FAILURES_MAX:
            row.state, row.finished_at, row.sealed = PrivacyState.FAILED, clock.now(), None
        return PrivacyState(row.state)
