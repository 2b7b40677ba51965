"""Tell Meta of page views and started checkouts under the browser's own ids, for the connections that want it.

Meta drops the second of two copies, the pixel's and ours, by event name and id. The collector knows nothing of this:
the stage reads what it stored, from the connection's ``browser_events_from`` on, and moves that mark in the transaction
that inserts the deliveries.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.consent.decide import objection, refused_subjects
from tracking_core.consent.subjects import subjects_of
from tracking_core.db.engine import transaction
from tracking_core.delivery.retry_policy import SENDABLE_FOR
from tracking_core.destinations.meta_capi.event import INITIATE_CHECKOUT, PAGE_VIEW, build_event
from tracking_core.destinations.meta_capi.user_data import Person, build_user_data, is_too_weak
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    IS_FORWARDABLE,
    BrowserEvent,
    ConnectionState,
    Delivery,
    DeliveryState,
    MetaConnection,
    Tenant,
)

META_NAMES = {BrowserEvent.PAGEVIEW: PAGE_VIEW, BrowserEvent.INITIATE_CHECKOUT: INITIATE_CHECKOUT}
# ``received_at`` is set before the event is written, and a row is seen only after its commit: the collector's writer
# gives a group 10 s, and a group may wait behind others. What is younger than this is therefore read again; it also
# forgives an API host whose clock runs behind.
OVERLAP = timedelta(seconds=30)
_BEFORE_ANY = UUID(int=0)
_BATCH = 500
# Then other work of the worker gets its turn.
_BATCHES_PER_RING = 20

# LIMIT 1 keeps the search for a delivery a probe of its unique index; an anti-join may be hashed over all of them.
_READ = f"""
SELECT e.id, e.received_at, k.name AS event_name, e.event_id, e.click_id, e.session_id, e.user_agent, e.url, e.referrer,
    e.fbc, e.fbp, e.consent_ads, host(e.client_ip) AS client_ip, encode(e.email_hash, 'hex') AS email_hash,
    encode(e.phone_hash, 'hex') AS phone_hash
FROM tracking_events e
JOIN unnest(CAST(:kinds AS text[]), CAST(:names AS text[])) AS k(kind, name) USING (kind)
LEFT JOIN LATERAL (
    SELECT true AS found FROM deliveries d
    WHERE d.connection_id = :connection AND d.event_name = k.name AND d.event_id = e.event_id LIMIT 1
) AS known ON true
WHERE e.tenant_id = :tenant AND {IS_FORWARDABLE} AND known.found IS NULL
  AND e.received_at >= :at AND (e.received_at, e.id) > (:at, CAST(:id AS uuid))
ORDER BY e.received_at, e.id LIMIT :limit
"""  # noqa: S608 - the condition is a constant


@dataclass(frozen=True, slots=True)
class Mark:
    """The last event read: reading goes on after it."""

    at: datetime
    id: UUID = _BEFORE_ANY


@dataclass(frozen=True, slots=True)
class Progress:
    """One committed batch: deliveries planned, and where the next one begins, None when nothing is left."""

    planned: int
    next: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stored browser event; hashes are hex."""

    id: UUID
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

    @property
    def consent_subjects(self) -> tuple[UUID, ...]:
        return subjects_of(
            click_id=self.click_id,
            session_id=self.session_id,
            email_hash=self.email_hash,
            phone_hash=self.phone_hash,
        )


async def drain_browser_events(connection_id: UUID) -> AsyncIterator[Progress]:
    """Plan batch by batch, yielding after each commit; stops early when another worker has the connection."""
    mark: Mark | None = None
    for _ in range(_BATCHES_PER_RING):
        async with transaction() as session:
            progress = await plan_batch(session, connection_id, mark, clock.now())
        if progress is None:
            return
        yield progress
        mark = progress.next
        if mark is None:
            return


async def plan_batch(
    session: AsyncSession, connection_id: UUID, after: Mark | None, now: datetime, *, limit: int = _BATCH
) -> Progress | None:
    """Insert the deliveries of the next events; None when the connection wants none, rests, or is being planned."""
    connection = await _locked(session, connection_id)
    if connection is None:
        return None
    after = after or Mark(max(connection.browser_events_from, now - SENDABLE_FOR))
    visits = await _read(session, connection, after, limit)
    planned = await _plan(session, connection, visits, now)
    is_full = len(visits) == limit
    read_to = visits[-1].received_at if is_full else now
    connection.browser_events_from = max(connection.browser_events_from, min(read_to, now - OVERLAP))
    return Progress(planned, Mark(visits[-1].received_at, visits[-1].id) if is_full else None)


async def _locked(session: AsyncSession, connection_id: UUID) -> MetaConnection | None:
    """NO KEY UPDATE: sales that are planned at the same time refer to this row and must not wait.

    A connection on hold keeps its mark: what is planned now could only grow too old while it waits.
    """
    query = (
        select(MetaConnection)
        .where(
            MetaConnection.id == connection_id,
            MetaConnection.state == ConnectionState.ACTIVE,
            col(MetaConnection.browser_events) != [],
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    return (await session.scalars(query)).first()


async def _read(session: AsyncSession, connection: MetaConnection, after: Mark, limit: int) -> list[Visit]:
    kinds = [BrowserEvent(kind) for kind in connection.browser_events]
    values = {
        "tenant": connection.tenant_id,
        "connection": connection.id,
        "kinds": [kind.value for kind in kinds],
        "names": [META_NAMES[kind] for kind in kinds],
        "at": after.at,
        "id": after.id,
        "limit": limit,
    }
    return [Visit(**row) for row in (await session.execute(text(_READ), values)).mappings()]


async def _plan(session: AsyncSession, connection: MetaConnection, visits: Sequence[Visit], now: datetime) -> int:
    """Deliveries for the visits that may and can be told. The others leave no row: they were never on their way."""
    tenant = await session.get_one(Tenant, connection.tenant_id)
    subjects = [subject for visit in visits for subject in visit.consent_subjects]
    refused = await refused_subjects(session, [tenant.id], subjects)
    allowed = [visit for visit in visits if objection(visit, tenant.consent_mode, refused) is None]
    rows = [_row(connection, visit, payload, now) for visit in allowed if (payload := payload_of(visit, now))]
    if rows:
        await session.execute(insert(Delivery).values(rows).on_conflict_do_nothing())
    return len(rows)


def payload_of(visit: Visit, now: datetime) -> bytes | None:
    """The event as Meta gets it; None when Meta would refuse it, and with it the sales of its batch."""
    user_data = build_user_data(_person(visit))
    if is_too_weak(user_data):
        return None
    try:
        event = build_event(
            event_name=visit.event_name,
            event_id=visit.event_id,
            event_time=min(visit.received_at, now),
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


def _row(connection: MetaConnection, visit: Visit, payload: bytes, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": connection.tenant_id,
        "connection_id": connection.id,
        "event_name": visit.event_name,
        "event_id": visit.event_id,
        "event_time": visit.received_at,
        "consent_subjects": list(visit.consent_subjects),
        "payload": payload,
        "state": DeliveryState.WAITING,
        "attempts": 0,
        "due_at": now,
        "created_at": now,
    }
