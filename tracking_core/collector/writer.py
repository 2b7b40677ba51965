"""Grouped durable writes: events that arrive together share one COPY and one commit, and are answered after it.

While one group is being written the next one gathers, so the group grows with the load and needs no timer.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg
import structlog

from tracking_core.collector.accept import Accepted
from tracking_core.errors import HubError, MalformedBody, ServiceUnavailable
from tracking_core.kit import clock
from tracking_core.metrics import collector as metrics
from tracking_core.settings import Settings

COLUMNS = (
    "id, received_at, tenant_id, kind, event_id, click_id, session_id, email_hash, phone_hash, client_ip,"
    " user_agent, url, referrer, fbc, fbp, consent_ads, is_bot, details"
)
_COPY = f"COPY tracking_events ({COLUMNS}) FROM STDIN"
_CLAIM = """
INSERT INTO dedupe_registry (tenant_id, key, scope, claimed_at)
SELECT tenant_id, key, 'tracking', %s FROM unnest(%s::uuid[], %s::uuid[]) AS u(tenant_id, key)
ON CONFLICT DO NOTHING RETURNING replace(key::text, '-', '')
"""
# In one order whatever is said, so that writers never deadlock.
_LOCK = """
SELECT FROM consents c JOIN unnest(%s::uuid[], %s::uuid[]) AS u(tenant_id, subject)
    ON c.tenant_id = u.tenant_id AND c.subject = u.subject
ORDER BY c.tenant_id, c.subject FOR UPDATE OF c
"""
_REFUSE = """
INSERT INTO consents (tenant_id, subject, granted, changed_at)
SELECT tenant_id, subject, false, said_at
FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS u(tenant_id, subject, said_at)
ON CONFLICT (tenant_id, subject) DO UPDATE
SET granted = false, changed_at = greatest(consents.changed_at, excluded.changed_at)
"""
_GRANT = """
UPDATE consents SET granted = true, changed_at = u.said_at
FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS u(tenant_id, subject, said_at)
WHERE consents.tenant_id = u.tenant_id AND consents.subject = u.subject AND consents.changed_at < u.said_at
"""

log = structlog.get_logger()
Pending = tuple[Accepted, "asyncio.Future[None]"]


class GroupWriter:
    """Owns one connection. ``write`` returns once the event is on disk, or raises ServiceUnavailable."""

    def __init__(self, settings: Settings) -> None:
        self._dsn = settings.session_database_url.replace("postgresql+psycopg://", "postgresql://")
        self._group_max, self._queue_max = settings.collect_group_max, settings.collect_queue_max
        self._pending: list[Pending] = []
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None
        metrics.PENDING.set_function(lambda: len(self._pending))

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Write what is pending, then close."""
        await asyncio.gather(*(done for _, done in self._pending), return_exceptions=True)
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

    async def write(self, accepted: Accepted) -> None:
        if len(self._pending) >= self._queue_max:
            raise ServiceUnavailable
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((accepted, done))
        self._wake.set()
        await done

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                group, self._pending = self._pending[: self._group_max], self._pending[self._group_max :]
                await self._settled(group)

    async def _settled(self, group: list[Pending]) -> None:
        """A defect of ours costs its group, and nobody who comes after it."""
        try:
            await self._settle(group)
        except Exception as error:
            for _, done in group:
                if not done.done():
                    done.set_exception(ServiceUnavailable())
            await self._disconnect()
            log.exception("collect_group_broke", events=len(group), error=type(error).__name__)

    async def _settle(self, group: list[Pending]) -> None:
        failure: HubError | None = None
        try:
            await self._write_group([accepted for accepted, _ in group])
        except psycopg.errors.CheckViolation as error:
            # No partition for now: nothing is wrong with the events, and the browser is to keep them.
            failure = await self._failed(group, error)
        except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
            if len(group) > 1:  # one event the database refuses must not cost its neighbours
                for one in group:
                    await self._settle([one])
                return
            log.error("collect_event_refused", error=type(error).__name__)
            _count(group[0][0].kind, "refused")
            failure = MalformedBody()
        except (psycopg.Error, OSError, TimeoutError) as error:
            failure = await self._failed(group, error)
        for _, done in group:
            if done.done():
                continue
            if failure:
                done.set_exception(failure)
            else:
                done.set_result(None)

    async def _failed(self, group: list[Pending], error: Exception) -> ServiceUnavailable:
        log.error("collect_group_failed", events=len(group), error=type(error).__name__)
        _tally("failed", [accepted for accepted, _ in group])
        await self._disconnect()
        return ServiceUnavailable()

    async def _write_group(self, group: Sequence[Accepted]) -> None:
        connection = await self._connected()
        now = clock.now()
        with metrics.WRITE_SECONDS.time():
            async with asyncio.timeout(10), connection.transaction(), connection.cursor() as cursor:
                claimed = await _claim(cursor, group, now)
                if claimed:
                    async with cursor.copy(_COPY) as copy:
                        for item in claimed:
                            await copy.write_row(item.row)
                await _record_consents(cursor, group, claimed)
        _tell(group, claimed)

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._dsn, connect_timeout=5, autocommit=True, options="-c statement_timeout=10s"
            )
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None


def _tell(group: Sequence[Accepted], claimed: Sequence[Accepted]) -> None:
    metrics.GROUP_SIZE.observe(len(group))
    _tally("stored", claimed)
    if len(claimed) < len(group):
        for kind, number in (Counter(one.kind for one in group) - Counter(one.kind for one in claimed)).items():
            _count(kind, "repeated", number)


def _tally(outcome: str, events: Sequence[Accepted]) -> None:
    for kind, number in Counter(one.kind for one in events).items():
        _count(kind, outcome, number)


def _count(kind: str, outcome: str, number: int = 1) -> None:
    metrics.EVENTS.labels(kind, outcome).inc(number)


async def _claim(cursor: psycopg.AsyncCursor, group: Sequence[Accepted], now: datetime) -> list[Accepted]:
    """Those never stored before, in the order of arrival. Keys are locked in one order, so writers never deadlock."""
    first = {item.key: item for item in reversed(group)}
    keys = sorted(first)
    await cursor.execute(_CLAIM, (now, _array(first[key].tenant_id.hex for key in keys), _array(keys)))
    taken = {key for (key,) in await cursor.fetchall()}
    return [item for item in group if item.key in taken and first[item.key] is item]


async def _record_consents(cursor: psycopg.AsyncCursor, group: Sequence[Accepted], claimed: Sequence[Accepted]) -> None:
    """The last word of each subject: a refusal is kept, a grant lifts one that was kept."""
    last = _last_words(group, {id(item) for item in claimed})
    if not last:
        return
    tenants, named = zip(*sorted(last), strict=True)
    await cursor.execute(_LOCK, (_array(tenants), _array(named)))
    for granted, statement in ((False, _REFUSE), (True, _GRANT)):
        said = sorted((*pair, said_at.isoformat()) for pair, (is_grant, said_at) in last.items() if is_grant is granted)
        if said:
            await cursor.execute(statement, tuple(_array(column) for column in zip(*said, strict=True)))


def _last_words(group: Sequence[Accepted], claimed: set[int]) -> dict[tuple[str, str], tuple[bool, datetime]]:
    """By tenant and subject. An event sent again says its refusal again, but its grant only the first time."""
    last: dict[tuple[str, str], tuple[bool, datetime]] = {}
    for item in group:
        if item.consent is None or (item.consent[0] and id(item) not in claimed):
            continue
        granted, subjects, said_at = item.consent
        for pair in ((item.tenant_id.hex, subject) for subject in subjects):
            if not granted or pair not in last or last[pair][1] < said_at:
                last[pair] = granted, said_at
    return last


def _array(digits: Iterable[str]) -> str:
    """Postgres's own text of an array; ids need no quoting, and one text is far cheaper to bind than a list."""
    return "{" + ",".join(digits) + "}"
