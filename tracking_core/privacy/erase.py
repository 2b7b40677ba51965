"""Carry an approved request out: bounded transactions, each of which takes up where the last commit left off.

Nothing has to be remembered but which step is next: a step finds only what is not yet as it is to be. The steps are
gone through until a whole pass changes nothing, so what a worker wrote at the same moment is met by the next pass. Then
every column is searched. What that finds came meanwhile: it is located and the steps are gone through once more, a
bounded number of times. At the end the identifier itself, sealed until now, is dropped.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import PrivacyRequest, PrivacyState, Tenant
from tracking_core.privacy import catalogue, words
from tracking_core.privacy.applying import CHUNK, apply
from tracking_core.privacy.carrying import AT, CHANGED, begin_pass, opened, taken
from tracking_core.privacy.concluding import conclude
from tracking_core.privacy.failures import Failure, failure_of
from tracking_core.privacy.person import ERASED, Person
from tracking_core.privacy.plan import steps_of
from tracking_core.reconciliation.erasure import forget_sales
from tracking_core.settings import Settings

_PASSES_MAX = 10
_FAILURES_MAX = 5
# Of a step that met somebody else's lock, before that counts as a failure.
_TRIES = 3
_PAUSE_SECONDS = 0.1
# What a search found may be a message that is just on its way through the pipeline.
_AFTER_SEARCH_SECONDS = 2.0
_SWEEP_LIMIT = 100
# Some steps read all matches or browser deliveries of a tenant, which no index answers.
_LONGER = text("SET LOCAL statement_timeout = '120s'")

log = structlog.get_logger()


async def due_requests(session: AsyncSession) -> list[UUID]:
    """Those that are approved and not finished, oldest first."""
    due = select(PrivacyRequest.id).where(PrivacyRequest.state == PrivacyState.RUNNING)
    return list((await session.scalars(due.order_by(col(PrivacyRequest.approved_at)).limit(_SWEEP_LIMIT))).all())


async def drain_request(request_id: UUID, settings: Settings) -> AsyncIterator[PrivacyState]:
    """Carry it out, yielding after each commit. Whoever finds another at it leaves it to them."""
    state, is_erased, tries = PrivacyState.RUNNING, False, 0
    while state is PrivacyState.RUNNING:
        try:
            went = await (_concluded(request_id, settings) if is_erased else _erase_some(request_id))
        except Exception as error:
            failure, tries = failure_of(error), tries + 1
            if failure is Failure.AWAY:
                raise  # nothing is wrong with the request, and the sweeper rings again
            if failure is Failure.MET and tries < _TRIES:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            state = await _failed(request_id, error)
            if state is PrivacyState.RUNNING:
                raise
        else:
            if went is None:
                return
            (state, is_erased), tries = went, 0
        yield state


async def _erase_some(request_id: UUID) -> tuple[PrivacyState, bool] | None:
    """Up to ``CHUNK`` rows; whether the last pass has changed nothing. None: it is not ours to carry out."""
    await begin_pass(request_id)
    async with transaction() as session:
        row = await taken(session, request_id)
        if row is None:
            return None
        await session.execute(_LONGER)
        tenant, person = await opened(session, row)
        return PrivacyState.RUNNING, not await _has_more(session, row, tenant, person)


async def _concluded(request_id: UUID, settings: Settings) -> tuple[PrivacyState, bool] | None:
    """The end, or the steps once more. None: it is not ours to carry out."""
    state = await conclude(request_id, settings)
    if state is PrivacyState.RUNNING:
        await asyncio.sleep(_AFTER_SEARCH_SECONDS)
    return None if state is None else (state, False)


async def _has_more(session: AsyncSession, row: PrivacyRequest, tenant: Tenant, person: Person) -> bool:
    """``progress`` keeps rows by step, the next step and whether this pass has changed anything."""
    steps, values = await steps_of(session), person.parameters(tenant)
    done, left = dict(row.progress), CHUNK
    if not done.get(AT):
        # First of all, so that nothing a gateway says meanwhile brings a sale back.
        orders = [one for one in sorted(person.orders) if not one.startswith(ERASED)]
        await forget_sales(session, tenant.id, orders, clock.now())
    while left > 0 and (at := int(done.get(AT, 0))) < len(steps):
        rows = await apply(session, steps[at], values, limit=left)
        if rows:
            done[steps[at].name] = int(done.get(steps[at].name, 0)) + rows
            done[CHANGED] = True
        if rows < left:
            done[AT] = at + 1
        left -= rows
    is_whole = int(done.get(AT, 0)) >= len(steps)
    if is_whole and left > 0:
        masked = await _mask_checkpoints(session, person, values, left)
        if masked:
            done["checkpoints"], done[CHANGED] = int(done.get("checkpoints", 0)) + masked, True
        is_whole = masked < left
    goes_on = not is_whole or (bool(done.get(CHANGED)) and row.passes < _PASSES_MAX * (row.searches + 1))
    if is_whole:
        row.passes += 1
        if goes_on:
            done |= {AT: 0, CHANGED: False}
    row.progress = done
    return goes_on


async def _mask_checkpoints(session: AsyncSession, person: Person, values: dict[str, Any], limit: int) -> int:
    masked = 0
    for table in words.checkpoints(await catalogue.tables(session)):
        masked += await words.mask_bytes(session, table, person.forms, values, limit)
    return masked


async def _failed(request_id: UUID, error: Exception) -> PrivacyState:
    """A defect of ours must not be met for ever: a person looks at what failed this often."""
    log.exception("privacy_step_failed", request_id=str(request_id), error=type(error).__name__)
    async with transaction() as session:
        row = await session.get_one(PrivacyRequest, request_id, with_for_update=True)
        row.failures += 1
        if row.failures >= _FAILURES_MAX:
            row.state, row.finished_at, row.sealed = PrivacyState.FAILED, clock.now(), None
        return PrivacyState(row.state)
