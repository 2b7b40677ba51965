"""Work that is due and not begun, in every queue: told from its own limit on, by its own name, and not while somebody
is at it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import SQLModel, select

from tests.alerts.day import at, evaluated, rows
from tests.alerts.traffic import merchant
from tracking_core.alerts import queues, ratios
from tracking_core.alerts.queue_names import Queue
from tracking_core.alerts.thresholds import load
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    Alert,
    AlertChannel,
    AlertMessage,
    Notification,
    PrivacyRequest,
    ReconciliationRun,
    SetupChat,
    SetupHandoff,
    SetupIntent,
    SetupMessage,
    SetupSession,
    SetupTurn,
)
from tracking_core.settings import Settings

_NOON, _MINUTE = at(12), timedelta(minutes=1)
_ALERTS = "SELECT scope, severity, state, facts FROM alerts ORDER BY scope"


class World:
    """A shop with something in each queue that was due, or moved on, at ``_NOON``. A case's first notice and one
    comparison failed and wait; an erasure and a comparison stand in line behind those that are under way."""

    def __init__(self, tenant_id: UUID, endpoint_id: UUID, settings: Settings) -> None:
        self.tenant_id, self.endpoint_id, self._settings = tenant_id, endpoint_id, settings

    async def fill(self) -> None:
        owner: dict[str, Any] = {"session_id": new_id(), "tenant_id": self.tenant_id}
        alert, channel = new_id(), new_id()
        case: dict[str, Any] = {
            "handoff_id": new_id(),
            "tenant_id": self.tenant_id,
            "channel": "email",
            "kind": "opened",
        }
        message: dict[str, Any] = {"alert_id": alert, "channel_id": channel, "due_at": _NOON, "created_at": _NOON}
        at_noon: dict[str, Any] = {"created_at": _NOON}
        said: dict[str, Any] = {"client_id": "1", "role": "seller", "text": "Oi"}
        past = _NOON - 60 * _MINUTE
        run: dict[str, Any] = {"tenant_id": self.tenant_id, "endpoint_id": self.endpoint_id, "gateway": "hotmart"}
        run |= {"kind": "asked", "actor": "test", "since": past, "until": _NOON, "due_at": past}
        person: dict[str, Any] = {"tenant_id": self.tenant_id, "kind": "email", "plan_hash": "1", "state": "running"}
        person |= {"requested_by": "ana", "approved_at": past, "expires_at": at(23)}
        await self.add(SetupSession(id=owner["session_id"], tenant_id=self.tenant_id, created_by="test"))
        await self.add(
            SetupChat(**owner),
            SetupHandoff(id=case["handoff_id"], **owner, reason="asked", priority="P2", due_at=at(23)),
            AlertChannel(id=channel, kind="email", target=b"", hint="ana", last_ok_at=past),
            Alert(
                id=alert,
                objective="dead_letters",
                severity="ticket",
                state="recovered",
                opened_at=past,
                last_seen_at=past,
                recovered_at=past,
            ),
        )
        await self.add(
            SetupIntent(**owner, seq=1, client_id="1", kind="prove", actor="test", **at_noon),
            SetupMessage(**owner, **said, **at_noon),
            Notification(**case, key="1", due_at=at(23), created_at=past, attempts=3),
            Notification(**case, key="2", due_at=past, created_at=_NOON),
            Notification(**{**case, "channel": "chatwoot"}, key="1", due_at=_NOON, **at_noon),
            AlertMessage(**message, kind="opened"),
            AlertMessage(**{**message, "created_at": _NOON + _MINUTE}, kind="recovered", lease_until=past),
            PrivacyRequest(**person, fingerprint="1", moved_at=_NOON, progress={"at": 1}),
            PrivacyRequest(**person, fingerprint="2", moved_at=past),
            ReconciliationRun(**run, moved_at=_NOON, pages=1),
            ReconciliationRun(**run, moved_at=past),
            ReconciliationRun(**{**run, "due_at": at(23)}, moved_at=past, attempts=1),
        )

    async def add(self, *made: SQLModel) -> None:
        async with transaction() as session:
            session.add_all(made)

    async def late(self, minutes: float) -> dict[str, float]:
        """Minutes by queue."""
        async with transaction() as session:
            found = await queues.delays(session, _NOON + minutes * _MINUTE)
        return {queue: delay / 60 for queue, delay in found.items()}

    async def told(self, minutes: float) -> set[str]:
        """Queues with an open alert, evaluated so long after noon."""
        await evaluated(_NOON + minutes * _MINUTE, self._settings)
        return {row["scope"] for row in await rows(_ALERTS) if row["state"] == "open"}


@pytest.fixture
async def world(database: Settings) -> World:
    one = await merchant("Loja", busiest=1)
    made = World(one.tenant_id, one.endpoint_id, database)
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    return made


_SETUPS = {Queue.SETUP, Queue.CHAT, Queue.NOTIFICATIONS}
_AT_LAST = {Queue.ALERT_MESSAGES, Queue.ERASURES, Queue.RECONCILIATIONS}


async def test_each_queue_is_told_from_its_own_limit_on_and_recovers_when_the_work_is_begun(world: World) -> None:
    await world.fill()
    assert await world.told(1) == set()
    assert await world.told(2) == _SETUPS
    assert await world.told(9) == _SETUPS
    assert await world.told(10) == _SETUPS | {Queue.ALERT_MESSAGES}
    assert await world.told(30) == _SETUPS | {Queue.ALERT_MESSAGES, Queue.ERASURES}
    assert await world.told(60) == _SETUPS | _AT_LAST
    pages = {row["scope"] for row in await rows(_ALERTS) if row["severity"] == "page"}
    assert pages == _SETUPS | {Queue.ALERT_MESSAGES}
    [erasure] = [row["facts"] for row in await rows(_ALERTS) if row["scope"] == Queue.ERASURES]
    assert erasure == {"delay_seconds": 3600, "limit_seconds": 1800}
    for table in ("notifications", "alert_messages", "setup_intents", "privacy_requests", "reconciliation_runs"):
        await rows(f"UPDATE {table} SET state = 'done'")
    await rows("UPDATE setup_messages SET turn_id = gen_random_uuid()")
    for minutes in (61, 64):
        left = await world.told(minutes)
    assert left == set()


_AT_WORK = {
    Queue.SETUP: "UPDATE setup_sessions SET lease_until = :until",
    Queue.CHAT: "UPDATE setup_chats SET lease_until = :until",
    Queue.NOTIFICATIONS: "UPDATE notifications SET lease_until = :until WHERE channel = 'chatwoot'",
    Queue.ALERT_MESSAGES: "UPDATE alert_messages SET lease_until = :until WHERE kind = 'opened'",
    Queue.RECONCILIATIONS: "UPDATE reconciliation_runs SET lease_until = :until",
    Queue.ERASURES: "UPDATE privacy_requests SET state = 'planned'",
}


async def test_what_somebody_is_at_is_not_late_and_is_again_when_they_are_gone(world: World) -> None:
    await world.fill()
    assert await world.late(10) == dict.fromkeys(_AT_WORK, 10)
    for statement in _AT_WORK.values():
        await rows(statement, until=_NOON + 20 * _MINUTE) if ":until" in statement else await rows(statement)
    assert await world.late(19) == {}
    assert set(await world.late(21)) == set(_AT_WORK) - {Queue.ERASURES}


async def test_a_channel_that_sends_one_after_the_other_and_one_that_is_off_are_not_late(world: World) -> None:
    await world.fill()
    await rows("UPDATE alert_channels SET last_ok_at = :at", at=_NOON + 8 * _MINUTE)
    assert (await world.late(10))[Queue.ALERT_MESSAGES] == 2
    await rows("UPDATE alert_channels SET enabled = false")
    assert Queue.ALERT_MESSAGES not in await world.late(10)


async def test_an_answer_that_its_worker_left_is_waited_for_too(world: World) -> None:
    session_id = new_id()
    await world.add(SetupSession(id=session_id, tenant_id=world.tenant_id, created_by="test"))
    await world.add(SetupTurn(session_id=session_id, tenant_id=world.tenant_id, started_at=_NOON))
    assert await world.late(3) == {Queue.CHAT: 3}


async def test_work_in_many_steps_moves_with_each_of_them(world: World) -> None:
    await world.fill()
    clock.set_source(lambda: _NOON + 9 * _MINUTE)
    async with transaction() as session:
        for request in await session.scalars(select(PrivacyRequest)):
            request.progress = {"users": 1}
        for run in await session.scalars(select(ReconciliationRun)):
            run.pages = 2
    late = await world.late(10)
    assert (late[Queue.ERASURES], late[Queue.RECONCILIATIONS]) == (1, 1)


_BAD = (
    "INSERT INTO slo_minutes (id, objective, tenant_id, scope, at, good, total, excused)"
    " SELECT gen_random_uuid(), 'sales_at_meta', :tenant, '', :at, 0, 10, 0"
)
_DELAY = (
    "INSERT INTO alerts (id, objective, scope, severity, state, openings, flaps, opened_at, last_seen_at, facts)"
    " VALUES (gen_random_uuid(), 'queue_delay', :scope, 'page', 'open', 1, 0, :at, :at, '{}')"
)


@pytest.mark.parametrize(("queue", "is_told"), [(Queue.CHAT, True), (Queue.WEBHOOKS, False)])
async def test_only_the_delay_of_a_queue_of_sales_tells_of_late_sales(
    world: World, queue: Queue, is_told: bool
) -> None:
    await rows(_BAD, tenant=world.tenant_id, at=_NOON - 2 * _MINUTE)
    await rows(_DELAY, scope=queue.value, at=_NOON - 5 * _MINUTE)
    async with transaction() as session:
        found = await ratios.find(session, await load(session), _NOON)
    assert bool(found) is is_told
