"""Tell Meta of page views and started checkouts under the browser's own ids, for the connections that want it.

Meta drops the second of two copies, the pixel's and ours, by event name and id. The collector knows nothing of this:
the stage reads what it stored, from the connection's ``browser_events_from`` on, and moves that mark in the transaction
that inserts the deliveries.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.consent.decide import objection, refused_subjects
from tracking_core.consent.subjects import subjects_of
from tracking_core.db.engine import transaction
from tracking_core.destinations.meta_capi.event import DEDUPE_WINDOW, INITIATE_CHECKOUT, PAGE_VIEW, build_event
from tracking_core.destinations.meta_capi.user_data import Person, build_user_data, is_too_weak
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import lines_about
from tracking_core.models import (
    IS_FORWARDABLE,
    BrowserEvent,
    ConnectionState,
    MetaConnection,
    Tenant,
)

META_NAMES = {BrowserEvent.PAGEVIEW: PAGE_VIEW, BrowserEvent.INITIATE_CHECKOUT: INITIATE_CHECKOUT}
# ``received_at`` is set before the event is written, and a row is seen only after its commit: the collector's writer
# gives a group 10 s, and a group may wait behind others. What is younger than this is therefore read again; it also
# forgives an API host whose clock runs behind.
OVERLAP = timedelta(seconds=30)
_BATCH = 500
# Then other work of the worker gets its turn.
_BATCHES_PER_RING = 20

_NAME = "CASE e.kind " + " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in META_NAMES.items()) + " END"
# The subquery with LIMIT stays a probe of the unique index for each event, where NOT EXISTS may be hashed over all
# deliveries; and it leaves the planner with events in the order of their index, where it may stop. Without an end, the
# empty partitions of the coming weeks would make it sort instead; a stamp of a clock that runs ahead waits for ours.
_READ = f"""
SELECT e.received_at, {_NAME} AS event_name, e.event_id, e.click_id, e.session_id, e.user_agent, e.url,
    e.referrer, e.fbc, e.fbp, e.consent_ads, host(e.client_ip) AS client_ip,
    encode(e.email_hash, 'hex') AS email_hash, encode(e.phone_hash, 'hex') AS phone_hash
FROM tracking_events e
WHERE e.tenant_id = :tenant AND {IS_FORWARDABLE} AND e.kind = ANY(CAST(:kinds AS text[]))
  AND e.received_at BETWEEN :since AND :now
  AND (SELECT true FROM deliveries d
       WHERE d.connection_id = :connection AND d.event_name = {_NAME} AND d.event_id = e.event_id LIMIT 1) IS NOT TRUE
ORDER BY e.received_at LIMIT :limit
"""  # noqa: S608 - kinds, names and condition are constants
# Arrays, because a VALUES list of 500 rows costs more to build than the events in it. An array of arrays has no unnest
# of its own, so each visit's subjects come as the text of an array.
_INSERT = """
INSERT INTO deliveries (id, tenant_id, connection_id, event_name, event_id, event_time, consent_subjects, payload,
                        state, attempts, due_at, created_at)
SELECT u.id, :tenant, :connection, u.name, u.event_id, u.moment, CAST(u.subjects AS uuid[]), u.payload,
    'waiting', 0, :now, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:names AS text[]), CAST(:event_ids AS text[]), CAST(:moments AS timestamptz[]),
            CAST(:subjects AS text[]), CAST(:payloads AS bytea[])) AS u(id, name, event_id, moment, subjects, payload)
ON CONFLICT (connection_id, event_name, event_id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """One committed batch: deliveries planned, and ``received_at`` to read on from, None when nothing is left.

    Reading on includes that moment, because another event may share it; those already planned are not read.
    """

    planned: int
    next: datetime | None


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A stored browser event; hashes are hex."""

    received_at: datetime
    event_name: str
    event_id: str
    click_id: str | None
    session_id: str | None
    user_agent: str | None
    url: str
    referrer: str | None
    fbc: str | None
    fbp: str | None
    consent_ads: bool | None
    client_ip: str | None
    email_hash: str | None
    phone_hash: str | None

    @cached_property
    def consent_subjects(self) -> tuple[UUID, ...]:
        return subjects_of(
            click_id=self.click_id,
            session_id=self.session_id,
            email_hash=self.email_hash,
            phone_hash=self.phone_hash,
        )


async def drain_browser_events(connection_id: UUID) -> AsyncIterator[Progress]:
    """Plan batch by batch, yielding after each commit; stops early when another worker has the connection."""
    since: datetime | None = None
    for _ in range(_BATCHES_PER_RING):
        async with transaction() as session:
            progress = await plan_batch(session, connection_id, since, clock.now())
        if progress is None:
            return
        yield progress
        since = progress.next
        if since is None:
            return


async def plan_batch(
    session: AsyncSession, connection_id: UUID, since: datetime | None, now: datetime, *, limit: int = _BATCH
) -> Progress | None:
    """Insert the deliveries of the next events; None when the connection wants none, rests, is off or planned now."""
    connection = await _locked(session, connection_id)
    if connection is None:
        return None
    lines_about(connection.tenant_id)
    # Older than Meta's memory of event ids, the pixel's copy and ours would count as two.
    since = since or max(connection.browser_events_from, now - DEDUPE_WINDOW)
    visits = await _read(session, connection, since, now, limit)
    planned = await _plan(session, connection, visits, now)
    read_on = visits[-1].received_at if len(visits) == limit else None
    connection.browser_events_from = max(connection.browser_events_from, min(read_on or now, now - OVERLAP))
    return Progress(planned, read_on)


async def _locked(session: AsyncSession, connection_id: UUID) -> MetaConnection | None:
    """NO KEY UPDATE: sales that are planned at the same time refer to this row and must not wait.

    A connection on hold keeps its mark: what is planned now could only grow too old while it waits. A disabled one is
    told of nothing, and who enables it again moves the mark to that moment.
    """
    query = (
        select(MetaConnection)
        .where(
            MetaConnection.id == connection_id,
            MetaConnection.state == ConnectionState.ACTIVE,
            col(MetaConnection.disabled_at).is_(None),
            col(MetaConnection.browser_events) != [],
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    return (await session.scalars(query)).first()


async def _read(
    session: AsyncSession, connection: MetaConnection, since: datetime, now: datetime, limit: int
) -> list[Visit]:
    values = {
        "tenant": connection.tenant_id,
        "connection": connection.id,
        "kinds": connection.browser_events,
        "since": since,
        "now": now,
        "limit": limit,
    }
    return [Visit(**row) for row in (await session.execute(text(_READ), values)).mappings()]


async def _plan(session: AsyncSession, connection: MetaConnection, visits: Sequence[Visit], now: datetime) -> int:
    """Deliveries for the visits that may and can be told. The others leave no row: they were never on their way."""
    tenant = await session.get_one(Tenant, connection.tenant_id)
    subjects = [subject for visit in visits for subject in visit.consent_subjects]
    refused = (await refused_subjects(session, [tenant.id], subjects))[tenant.id]
    allowed = (visit for visit in visits if objection(visit, tenant.consent_mode, refused) is None)
    told = [(visit, payload) for visit in allowed if (payload := payload_of(visit))]
    if told:
        await session.execute(text(_INSERT), _columns(connection, told, now))
    return len(told)


def payload_of(visit: Visit) -> bytes | None:
    """The event as Meta gets it; None when Meta would refuse it, and with it the sales of its batch."""
    user_data = build_user_data(_person(visit))
    if is_too_weak(user_data):
        return None
    try:
        event = build_event(
            event_name=visit.event_name,
            event_id=visit.event_id,
            event_time=visit.received_at,
            user_data=user_data,
            event_source_url=visit.url,
            referrer_url=visit.referrer,
        )
    except ValueError:
        return None
    return orjson.dumps(event)


def _person(visit: Visit) -> Person:
    return Person(
        emails=(visit.email_hash,) if visit.email_hash else (),
        phones=(visit.phone_hash,) if visit.phone_hash else (),
        client_ip=visit.client_ip,
        client_user_agent=visit.user_agent,
        fbc=visit.fbc,
        fbp=visit.fbp,
    )


def _columns(connection: MetaConnection, told: Sequence[tuple[Visit, bytes]], now: datetime) -> dict[str, object]:
    return {
        "tenant": connection.tenant_id,
        "connection": connection.id,
        "now": now,
        "ids": [new_id() for _ in told],
        "names": [visit.event_name for visit, _ in told],
        "event_ids": [visit.event_id for visit, _ in told],
        "moments": [visit.received_at for visit, _ in told],
        "subjects": ["{" + ",".join(map(str, visit.consent_subjects)) + "}" for visit, _ in told],
        "payloads": [payload for _, payload in told],
    }
