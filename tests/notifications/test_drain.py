"""The drain: each once, in order, tried again, given up and told of."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from evals.simulators.chatwoot.state import Fault, FaultKind, State
from tests.notifications.mailbox import Mailbox
from tests.notifications.receiver import Receiver
from tests.notifications.world import SAID, SELLER, Case, audited, open_case
from tracking_core.db.engine import transaction
from tracking_core.handoff.contact import contact_context
from tracking_core.kit import clock
from tracking_core.models import Notification, SetupHandoff, SetupSession
from tracking_core.notifications import drain, settle
from tracking_core.notifications.channels import webhook
from tracking_core.notifications.drain import drain_notifications
from tracking_core.notifications.kinds import Channel, Failed, FailureKind, Kind, Outcome, Sent
from tracking_core.notifications.lease import is_due, lease
from tracking_core.notifications.message import Message
from tracking_core.notifications.retry_policy import MAX_ATTEMPTS
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


def later(**by: float) -> None:
    """Time goes on."""
    moment = clock.now() + timedelta(**by)
    clock.set_source(lambda: moment)


async def only(case: Case, channel: Channel) -> Notification:
    [row] = await case.rows(channel)
    return row


async def test_one_case_reaches_every_channel_and_nothing_is_due_any_more(
    database: Settings, by_all: Settings, mailbox: Mailbox, receiver: Receiver, chatwoot: State
) -> None:
    case = await open_case(by_all)
    await case.tell(Kind.CREATED, "created")
    await drain_notifications(by_all)
    assert {(row.channel, row.state, row.attempts) for row in await case.rows()} == {
        (channel.value, "sent", 1) for channel in Channel
    }
    assert (len(mailbox.mails), len(receiver.delivered), len(chatwoot.messages)) == (1, 1, 1)
    assert SELLER["phone"] in mailbox.mails[0].as_string()
    async with transaction() as session:
        assert not await is_due(session, clock.now())


async def test_a_failure_is_tried_again_when_the_other_side_wants_it_and_not_before(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.CREATED)
    receiver.answers_with(503, retry_after="300")
    await drain_notifications(by_webhook)
    row = await only(case, Channel.WEBHOOK)
    assert (row.state, row.error, row.attempts, row.lease_until) == ("waiting", "http_503", 1, None)
    later(seconds=280)
    await drain_notifications(by_webhook)
    assert len(receiver.delivered) == 1
    later(seconds=30)
    await drain_notifications(by_webhook)
    row = await only(case, Channel.WEBHOOK)
    assert (row.state, row.error, row.attempts) == ("sent", None, 2)
    first, second = receiver.delivered
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(row.id)


async def test_a_permanent_failure_is_dead_at_once_audited_and_told_over_the_other_channel(
    database: Settings, by_all: Settings, mailbox: Mailbox, receiver: Receiver
) -> None:
    case = await open_case(by_all)
    await case.tell(Kind.CREATED)
    receiver.answers_with(422)
    await drain_notifications(by_all)
    await drain_notifications(by_all)
    states = {(row.channel, row.kind): row.state for row in await case.rows()}
    assert states == {
        ("webhook", "created"): "dead",
        ("email", "created"): "sent",
        ("chatwoot", "created"): "sent",
        ("email", "channel_dead"): "sent",
        ("chatwoot", "channel_dead"): "sent",
    }
    [entry] = await audited("notification.dead")
    assert entry.details["error"] == "http_422"
    alarm = mailbox.mails[-1].get_body(("plain",))
    assert alarm is not None
    assert "webhook" in alarm.get_content()
    assert "http_422" in alarm.get_content()


async def test_a_channel_that_never_answers_is_given_up_after_a_day_and_told_of_long_before(
    database: Settings, by_all: Settings, mailbox: Mailbox, receiver: Receiver
) -> None:
    case = await open_case(by_all)
    await case.tell(Kind.CREATED)
    receiver.answers.extend([(500, {})] * MAX_ATTEMPTS)
    alarmed_after = 0
    while (row := (await case.rows(Channel.WEBHOOK))[0]).state == "waiting":
        await drain_notifications(by_all)
        row = (await case.rows(Channel.WEBHOOK))[0]
        alarmed_after = alarmed_after or (row.attempts if len(await case.rows(Channel.EMAIL)) > 1 else 0)
        clock.set_source(lambda due=row.due_at: due)  # type: ignore[misc]
    assert row.error == "http_500"
    assert 9 <= row.attempts <= MAX_ATTEMPTS
    assert alarmed_after == 4
    keys = [one.key for one in await case.rows(Channel.EMAIL)]
    assert keys[1:] == ["failing:webhook", "dead:webhook"]
    assert len(await audited("notification.dead")) == 1


async def test_an_alarm_that_does_not_arrive_raises_no_other(
    database: Settings, by_all: Settings, mailbox: Mailbox, receiver: Receiver, chatwoot: State
) -> None:
    case = await open_case(by_all)
    await case.tell(Kind.CREATED)
    mailbox.faults = ["rcpt 550 5.1.1 No"] * 10
    receiver.answers.extend([(422, {})] * 10)
    chatwoot.faults.append(Fault(kind=FaultKind.STATUS, status=400, times=100))
    for _ in range(4):
        await drain_notifications(by_all)
    rows = await case.rows()
    assert {row.state for row in rows} == {"dead"}
    assert len(rows) == 3 + 3 * 2


async def test_two_drains_at_once_send_each_once(database: Settings, by_webhook: Settings, receiver: Receiver) -> None:
    cases = [await open_case(by_webhook) for _ in range(6)]
    for case in cases:
        await case.tell(Kind.CREATED)
    await asyncio.gather(*(drain_notifications(by_webhook) for _ in range(3)))
    ids = [one.headers["webhook-id"] for one in receiver.delivered]
    assert len(ids) == len(set(ids)) == 6


async def test_of_one_case_what_came_first_is_told_first_even_after_a_failure(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    case = await open_case(by_webhook)
    for kind in (Kind.CREATED, Kind.UPDATED, Kind.CLOSED):
        await case.tell(kind, note="x")
    receiver.answers_with(500)
    await asyncio.gather(*(drain_notifications(by_webhook) for _ in range(2)))
    async with transaction() as session:
        assert not await is_due(session, clock.now())
    later(minutes=2)
    await drain_notifications(by_webhook)
    told = [one.body.split(b'"type":"', 1)[1].split(b'"', 1)[0] for one in receiver.delivered]
    assert told == [b"handoff.created", b"handoff.created", b"handoff.updated", b"handoff.closed"]


async def test_each_tells_the_notes_there_were_and_the_state_of_then(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.UPDATED, note="um")
    await case.tell(Kind.CLOSED, note="dois", state="resolved")
    await drain_notifications(by_webhook)
    first, second = receiver.delivered
    assert b'"um"' in first.body
    assert b'"dois"' not in first.body
    assert b'"state":"open"' in first.body
    assert b'"state":"resolved"' in second.body


async def test_a_lost_workers_lease_ends_and_the_attempt_was_counted(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.CREATED)
    async with transaction() as session:
        assert len(await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)) == 1
    await drain_notifications(by_webhook)
    assert receiver.delivered == []
    later(seconds=61)
    await drain_notifications(by_webhook)
    row = await only(case, Channel.WEBHOOK)
    assert (row.state, row.attempts) == ("sent", 2)


async def test_what_a_worker_says_after_its_lease_was_lost_changes_nothing_but_an_arrival(
    database: Settings, by_webhook: Settings
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.CREATED)
    async with transaction() as session:
        [stalled] = await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)
    later(seconds=61)
    async with transaction() as session:
        await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)
        await settle.failed(session, stalled, Failed(FailureKind.PERMANENT, "late"), clock.now(), by_webhook)
    row = await only(case, Channel.WEBHOOK)
    assert (row.state, row.error, row.attempts) == ("waiting", None, 2)
    async with transaction() as session:
        await settle.sent(session, stalled, Sent({"id": 1}), clock.now())
    row = await only(case, Channel.WEBHOOK)
    assert (row.state, row.external) == ("sent", {"id": 1})


async def test_what_the_channel_named_a_case_is_known_to_all_that_follows(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.CREATED)
    await case.tell(Kind.UPDATED)
    async with transaction() as session:
        [first] = await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)
    assert (first.is_first, first.external) == (True, {})
    await first.remember({"conversation_id": 7})
    later(seconds=61)
    receiver.answers_with(422)
    await drain_notifications(by_webhook)
    rows = await case.rows(Channel.WEBHOOK)
    assert [(row.state, row.external) for row in rows] == [("dead", {"conversation_id": 7}), ("sent", {})]
    await case.tell(Kind.CLOSED)
    async with transaction() as session:
        [last] = await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)
    assert (last.is_first, last.external) == (False, {"conversation_id": 7})


async def test_a_defect_of_ours_in_one_case_leaves_the_others_alone(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    broken, well = await open_case(by_webhook), await open_case(by_webhook)
    await broken.tell(Kind.CREATED)
    await well.tell(Kind.CREATED)
    async with transaction() as session:
        await session.execute(
            text('UPDATE notifications SET payload = \'{"state": "open", "failing": 7}\' WHERE id = :id'),
            {"id": (await only(broken, Channel.WEBHOOK)).id},
        )
    await drain_notifications(by_webhook)
    assert (await only(well, Channel.WEBHOOK)).state == "sent"
    row = await only(broken, Channel.WEBHOOK)
    assert (row.state, row.error) == ("waiting", "internal_error")


async def test_a_contact_that_no_longer_fits_holds_up_neither_its_own_case_nor_another(
    database: Settings, by_webhook: Settings, receiver: Receiver
) -> None:
    broken, well = await open_case(by_webhook), await open_case(by_webhook)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, broken.handoff.session_id)
        cipher = tenants.cipher_of(await tenants.get(session, owner.tenant_id))
        owner.contact = cipher.encrypt(b'{"name": "Maria", "email": "none"}', contact_context(owner.id))
    await broken.tell(Kind.CREATED)
    await well.tell(Kind.CREATED)
    await drain_notifications(by_webhook)
    assert [(await only(case, Channel.WEBHOOK)).state for case in (broken, well)] == ["sent", "sent"]


async def test_a_channel_that_breaks_cuts_off_no_send_of_another(
    database: Settings,
    by_all: Settings,
    mailbox: Mailbox,
    receiver: Receiver,
    chatwoot: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case, is_sending, leased = await open_case(by_all), asyncio.Event(), drain._next

    async def broken(channel: Channel, settings: Settings) -> list[Message]:
        if channel is Channel.EMAIL:
            await is_sending.wait()
            raise KeyError("planted")
        return await leased(channel, settings)

    async def sending(message: Message, settings: Settings) -> Outcome:
        is_sending.set()
        return await webhook.send(message, settings)

    monkeypatch.setattr(drain, "_next", broken)
    monkeypatch.setitem(drain._SENDERS, Channel.WEBHOOK, sending)
    await case.tell(Kind.CREATED)
    await drain_notifications(by_all)
    assert {row.channel: row.state for row in await case.rows()} == {
        "email": "waiting",
        "webhook": "sent",
        "chatwoot": "sent",
    }
    assert len(receiver.delivered) == 1


async def test_an_outcome_that_cannot_be_written_down_leaves_the_others_alone(
    database: Settings, by_webhook: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, settled = [await open_case(by_webhook) for _ in range(2)], settle.sent

    async def sent(session: AsyncSession, message: Message, outcome: Sent, now: datetime) -> None:
        if message.handoff_id == cases[0].id:
            raise KeyError("planted")
        await settled(session, message, outcome, now)

    monkeypatch.setattr(settle, "sent", sent)
    for case in cases:
        await case.tell(Kind.CREATED)
    await drain_notifications(by_webhook)
    assert [(await only(case, Channel.WEBHOOK)).state for case in cases] == ["waiting", "sent"]


async def test_a_note_that_made_room_before_it_was_told_is_told_as_no_other(
    database: Settings, by_webhook: Settings
) -> None:
    case = await open_case(by_webhook)
    for kind in (Kind.UPDATED, Kind.SELLER_SAID, Kind.SELLER_SAID):
        await case.tell(kind, note=kind)
        await asyncio.sleep(0.002)  # a millisecond of its own in each note's id
    async with transaction() as session:
        handoff = await session.get_one(SetupHandoff, case.id)
        ids = [one["id"] for one in handoff.notes]
        handoff.notes = [handoff.notes[0], handoff.notes[2]]
    told = []
    for row in await case.rows():
        async with transaction() as session:
            [message] = await lease(session, Channel.WEBHOOK, clock.now(), seconds=60, limit=4)
            await settle.sent(session, message, Sent(), clock.now())
        assert message.id == row.id
        told.append([one["id"] for one in message.notes])
    assert told == [[ids[0]], [ids[0]], [ids[0], ids[2]]]


async def test_what_waits_for_a_channel_that_was_switched_off_is_told_over_another(
    database: Settings, by_webhook: Settings, by_email: Settings, mailbox: Mailbox
) -> None:
    case = await open_case(by_webhook)
    await case.tell(Kind.CREATED)
    await drain_notifications(by_email)
    await drain_notifications(by_email)
    assert (await only(case, Channel.WEBHOOK)).error == "not_configured"
    assert [row.kind for row in await case.rows(Channel.EMAIL)] == ["channel_dead"]
    assert len(mailbox.mails) == 1


async def test_no_secret_and_no_person_is_in_a_row_an_audit_entry_or_a_log(
    database: Settings,
    by_all: Settings,
    mailbox: Mailbox,
    receiver: Receiver,
    chatwoot: State,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO, "tracking_core")
    case = await open_case(by_all)
    await case.tell(Kind.SELLER_SAID, note=SAID)
    mailbox.faults = ["rcpt 550 planted-mail-password maria@loja.example"] * 2
    receiver.answers_with(401)
    chatwoot.faults.append(Fault(kind=FaultKind.STATUS, status=422, path="/conversations"))
    await drain_notifications(by_all)
    async with transaction() as session:
        stored = (await session.execute(text("SELECT string_agg(n::text, ' ') FROM notifications n"))).scalar_one()
        stored += (await session.execute(text("SELECT string_agg(a::text, ' ') FROM audit_log a"))).scalar_one()
    shown = stored + caplog.text + "".join(capsys.readouterr())
    secrets = [
        by_all.smtp_password.get_secret_value(),
        by_all.support_webhook_secret.get_secret_value(),
        by_all.chatwoot_token.get_secret_value(),
    ]
    for private in (*secrets, SELLER["email"], SELLER["phone"], SELLER["name"], "funciona"):
        assert private not in shown, private
