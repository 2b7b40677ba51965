"""Send what is due for one connection until nothing is, within its slots.

A refused batch is bisected: halves are sent again until the event Meta refuses stands alone, so it dies alone. Before
each further request of a batch in memory it is asked anew what of it may be sent: somebody may have withdrawn, or been
erased, while Meta answered.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import structlog
from opentelemetry.trace import Span
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.db.engine import transaction
from tracking_core.delivery import counted, renewal, settle, slots, traces
from tracking_core.delivery.breaker import paused_until
from tracking_core.delivery.diagnose import diagnosed
from tracking_core.delivery.lease import Batch, Leased, lease
from tracking_core.destinations.meta_capi.client import MetaClient, SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import lines_about
from tracking_core.metrics.delivery import HOLDS, PAUSES
from tracking_core.models import ConnectionState, MetaConnection
from tracking_core.settings import Settings
from tracking_core.telemetry import tracing

log = structlog.get_logger()
_HEALTHY = "UPDATE meta_connections SET failure_streak = 0, paused_until = NULL WHERE id = :id AND failure_streak > 0"


def _never() -> bool:
    return False


async def drain_connection(
    connection_id: UUID, *, client: MetaClient, settings: Settings, is_ending: Callable[[], bool] = _never
) -> int:
    """Deliveries handled. A backlog is drained by several streams, as many as the connection has slots; once it
    ``is_ending`` they take no further batch."""
    drain = _Drain(connection_id, client, settings, is_ending)
    async with asyncio.TaskGroup() as drain.streams:
        await drain.first_stream()
    return drain.handled


@dataclass
class _Drain:
    connection_id: UUID
    client: MetaClient
    settings: Settings
    is_ending: Callable[[], bool]
    handled: int = 0
    opened: int = 0
    streams: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def first_stream(self) -> None:
        """In the round's own task, whose lines then say whose connection it is, also that of its failure."""
        self.opened += 1
        await self._stream(new_id())

    def open_stream(self) -> None:
        if self.opened < self.settings.delivery_slots:
            self.opened += 1
            self.streams.create_task(self._stream(new_id()))

    async def _stream(self, holder: UUID) -> None:
        """Batches until one leaves room: what falls due later rings for itself. Whatever happens, the slot is free."""
        try:
            await self._batches(holder)
        finally:
            async with transaction(flush=False) as session:
                await slots.release(session, self.connection_id, holder)

    async def _batches(self, holder: UUID) -> None:
        started = clock.now()
        while not self.is_ending() and (batch := await self._next(holder)):
            if batch.is_full:
                self.open_stream()
            lines_about(batch.tenant_id)
            with traces.batch(batch, started):
                await send_parts(batch, client=self.client, settings=self.settings)
            started = clock.now()
            self.handled += len(batch.deliveries)
            if not batch.is_full:
                break

    async def _next(self, holder: UUID) -> Batch | None:
        """The next batch with a slot to send it in."""
        now = clock.now()
        async with transaction() as session:
            batch = await lease(session, self.connection_id, now, self.settings)
            if batch and not await slots.hold(session, self.connection_id, holder, now, self.settings):
                await session.rollback()  # nothing was leased: these rows wait for the sweeper or for who has the slot
                return None
        return batch


async def send_parts(batch: Batch, *, client: MetaClient, settings: Settings) -> None:
    """One request for each test event code; what is not to be tried now is given back."""
    parts = batch.parts
    goes_on = await _send(batch, parts[0], client, settings) if parts else True
    await _send_further(batch, parts[1:], client, settings, goes_on=goes_on)


async def _send_further(
    batch: Batch, parts: Sequence[Sequence[Leased]], client: MetaClient, settings: Settings, *, goes_on: bool
) -> bool:
    """A request of its own for each part, until the rest should not be tried now."""
    for part in parts:
        if left := await _left(batch, part, settings, goes_on=goes_on):
            goes_on = await _send(batch, left, client, settings)
    return goes_on


async def _left(batch: Batch, part: Sequence[Leased], settings: Settings, *, goes_on: bool) -> Sequence[Leased]:
    """What of the part is still ours and may still be sent; nothing, and it is given back, unless it ``goes_on``."""
    async with transaction() as session:
        if goes_on:
            return await renewal.sendable(session, batch, part, clock.now(), settings)
        await settle.give_back(session, batch, part, clock.now())
    return ()


async def _send(batch: Batch, part: Sequence[Leased], client: MetaClient, settings: Settings) -> bool:
    """Send a part of the batch, all of one code, and settle it; False when the rest should not be tried now."""
    started = clock.now()
    result, request = await _asked(batch, part, client)
    with tracing.span("delivery.settle"):
        goes_on = await _written(batch, part, result, started, settings)
    traces.attempted(batch, part, result, request, started)
    if not _is_to_split(part, result):
        return goes_on
    middle = len(part) // 2
    return await _send_further(batch, (part[:middle], part[middle:]), client, settings, goes_on=goes_on)


async def _asked(batch: Batch, part: Sequence[Leased], client: MetaClient) -> tuple[SendResult, Span]:
    with traces.request(batch, part) as request:
        result = await client.send(
            dataset_id=batch.dataset_id,
            access_token=batch.access_token,
            events=[one.payload for one in part],
            test_event_code=batch.code_of(part[0]),
            app_secret=batch.app_secret,
        )
        result = await diagnosed(batch, result, client)
        traces.answered(request, result)
    return result, request


async def _written(
    batch: Batch, part: Sequence[Leased], result: SendResult, started: datetime, settings: Settings
) -> bool:
    """Lost in a crash, this leaves the lease, which was flushed: the attempt counts as ambiguous and is made again."""
    async with transaction(flush=False) as session:
        await settle.record_attempts(session, batch, part, result, started)
        goes_on = await _settle(session, batch, part, result, clock.now(), settings)
        await counted.answered(session, part, result)
    return goes_on


def _is_to_split(part: Sequence[Leased], result: SendResult) -> bool:
    """Something about one of them may be wrong, and none was taken. A code nobody has documented may be about one, too;
    an answer that is not Meta's says nothing of events."""
    verdict = result.verdict
    if verdict is None or verdict.is_ambiguous or len(part) == 1:
        return False
    is_unknown_code = verdict.failure is FailureClass.UNKNOWN and verdict.code is not None
    return is_unknown_code or verdict.failure is FailureClass.PAYLOAD


async def _settle(
    session: AsyncSession, batch: Batch, part: Sequence[Leased], result: SendResult, now: datetime, settings: Settings
) -> bool:
    verdict = result.verdict
    if verdict is None:
        await settle.delivered(session, part, now)
        if batch.failure_streak:
            await session.execute(text(_HEALTHY), {"id": batch.connection_id})
        return True
    log.warning(
        "delivery_refused", connection_id=str(batch.connection_id), reason=settle.reason_of(verdict), size=len(part)
    )
    if _is_to_split(part, result):
        return True
    match verdict.failure:
        case FailureClass.PAYLOAD:
            await settle.bury(session, batch, part[0], verdict, now)
            return True
        case FailureClass.CREDENTIAL | FailureClass.PERMISSION:
            await settle.give_back(session, batch, part, now)
            await _hold(session, batch, verdict, now)
        case FailureClass.TRANSIENT | FailureClass.THROTTLED:
            await settle.postpone(session, batch, part, verdict, now)
            await _rest(session, batch, verdict, now)
        case FailureClass.UNKNOWN:
            await settle.postpone(session, batch, part, verdict, now)
            # What is wrong with one event is no reason to keep the others waiting; with several in a row it may be.
            return not await _rest(session, batch, verdict, now) and verdict.code is not None
        case unreachable:
            assert_never(unreachable)
    return False


async def _hold(session: AsyncSession, batch: Batch, verdict: Verdict, now: datetime) -> None:
    """The token or a permission is bad: everything of this connection waits for a person, without spending attempts.
    Not for the refusal of a token that was replaced while Meta answered."""
    connection = await session.get_one(MetaConnection, batch.connection_id, with_for_update=True)
    if connection.state == ConnectionState.ON_HOLD or bytes(connection.access_token) != batch.sealed_token:
        return
    connection.state, connection.hold_code, connection.held_at = ConnectionState.ON_HOLD, settle.reason_of(verdict), now
    HOLDS.labels(verdict.failure.value).inc()
    record(
        session,
        actor="delivery",
        action="meta.held",
        subject=str(connection.id),
        tenant_id=batch.tenant_id,
        reason=settle.reason_of(verdict),
    )
    log.error("connection_on_hold", connection_id=str(connection.id), reason=settle.reason_of(verdict))


async def _rest(session: AsyncSession, batch: Batch, verdict: Verdict, now: datetime) -> bool:
    """Count the failure; pause the connection when the breaker trips or Meta asks for time, and say whether it is."""
    connection = await session.get_one(MetaConnection, batch.connection_id, with_for_update=True)
    connection.failure_streak += 1
    pauses = [paused_until(connection.failure_streak, now)]
    if verdict.failure is FailureClass.THROTTLED:
        pauses.append(now + timedelta(seconds=verdict.retry_after_seconds or 2.0 ** min(connection.failure_streak, 8)))
    wanted = [pause for pause in pauses if pause]
    if wanted:
        connection.paused_until = max(wanted)
        PAUSES.inc()
    return bool(wanted)
