"""Messages of the outbox: each is told once, in order, later when it must be, and given up in the end."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.alert_channels import world
from tests.alert_channels.receiver import Receiver
from tests.notifications.mailbox import Mailbox
from tracking_core.alerts.channels import service
from tracking_core.alerts.message_lease import due_channels, lease
from tracking_core.alerts.telling import drain_alerts
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import AlertMessageKind, AlertMessageState, ChannelKind
from tracking_core.notifications.retry_policy import MAX_ATTEMPTS
from tracking_core.settings import Settings
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.sweeper import sweep


async def test_a_seller_and_our_own_people_are_told_in_their_words(
    hub: Settings, receiver: Receiver, mailbox: Mailbox
) -> None:
    tenant = await world.new_tenant()
    shops = await world.add(hub, tenant, ChannelKind.EMAIL, "ana@loja.example")
    ours = await world.add(hub, None, ChannelKind.SLACK, receiver.url(), locale="en")
    alert = await world.open_alert(tenant)
    for added in (shops, ours):
        await world.tell(alert, added.channel.id)
    await drain_alerts(hub)
    [mail], [arrived] = mailbox.mails, receiver.arrived
    assert mail["Subject"].startswith("Loja da Maria: ")
    told = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Desde " in told
    assert "Gere um novo token de acesso no Gerenciador de Eventos da Meta" in told
    assert f"https://hub.example/app/alerts#alert-{alert}" in told
    text = arrived.json["text"]
    assert "Since " in text
    assert "Generate a new access token and enter it" in text
    assert f"https://hub.example/ops/objectives#alert-{alert}" in text
    await drain_alerts(hub)
    assert (len(mailbox.mails), len(receiver.arrived)) == (1, 1)
    assert (await world.channel(ours.channel.id)).last_ok_at is not None


async def test_two_workers_tell_it_once_and_a_killed_ones_is_told_again(hub: Settings, receiver: Receiver) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url())
    for scope in "abc":
        await world.tell(await world.open_alert(None, scope=scope), added.channel.id)
    async with transaction() as session:
        killed = await lease(session, added.channel.id, clock.now(), seconds=60)
    assert killed is not None
    await asyncio.gather(drain_alerts(hub), drain_alerts(hub))
    assert len(receiver.arrived) == 2
    later = clock.now() + timedelta(seconds=61)
    clock.set_source(lambda: later)
    await drain_alerts(hub)
    assert len(receiver.arrived) == 3
    row = await world.message(killed.message.id)
    assert (row.state, row.attempts) == (AlertMessageState.SENT, 2)


async def test_the_end_is_not_told_before_the_beginning_and_a_late_reminder_not_at_all(
    hub: Settings, receiver: Receiver
) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url(), locale="en")
    alert = await world.open_alert(None)
    opened = await world.tell(alert, added.channel.id)
    reminder = await world.tell(alert, added.channel.id, AlertMessageKind.REMINDER)
    receiver.answers = [(500, {})]
    await drain_alerts(hub)
    await world.recover(alert, clock.now())
    await world.tell(alert, added.channel.id, AlertMessageKind.RECOVERED)
    assert (await world.message(opened)).error == "http_500"
    later = clock.now() + timedelta(minutes=2)
    clock.set_source(lambda: later)
    await drain_alerts(hub)
    beginning, end = (one.json["text"] for one in receiver.arrived[1:])
    assert "By now it is over." in beginning
    assert end.startswith("Over: The whole hub: ")
    assert (await world.message(reminder)).state == AlertMessageState.DEAD


async def test_a_receiver_that_asks_to_wait_is_left_alone_by_all_that_waits(hub: Settings, receiver: Receiver) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url())
    for scope in "ab":
        await world.tell(await world.open_alert(None, scope=scope), added.channel.id)
    receiver.answers = [(429, {"retry-after": "600"})]
    await drain_alerts(hub)
    assert len(receiver.arrived) == 1
    for minutes, arrived in ((9, 1), (11, 3)):
        moment = clock.now() + timedelta(minutes=minutes)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(clock, "now", lambda moment=moment: moment)
            await drain_alerts(hub)
        assert len(receiver.arrived) == arrived


async def test_it_is_given_up_after_the_last_try_and_the_channel_says_so(hub: Settings, receiver: Receiver) -> None:
    tenant = await world.new_tenant()
    added = await world.add(hub, tenant, ChannelKind.WEBHOOK, receiver.url())
    found = await world.tell(await world.open_alert(tenant), added.channel.id)
    receiver.answers = [(500, {})] * MAX_ATTEMPTS
    moment = clock.now()
    clock.set_source(lambda: moment)
    with capture_logs() as logs:
        while (await world.message(found)).state == AlertMessageState.WAITING:
            await drain_alerts(hub)
            moment = (await world.message(found)).due_at
    row, channel = await world.message(found), await world.channel(added.channel.id)
    assert (row.state, row.error) == (AlertMessageState.DEAD, "http_500")
    assert row.attempts == len(receiver.arrived)
    assert {one.headers["webhook-id"] for one in receiver.arrived} == {str(found)}
    assert (channel.last_error, channel.last_ok_at, channel.enabled) == ("http_500", None, True)
    [entry] = await world.audited("alert_message.dead")
    told = f"{logs} {entry.details} {channel!r}"
    assert "alert_message_dead" in told
    for secret in (receiver.url(), "planted-path", added.secret):
        assert secret not in told


async def test_an_address_that_is_gone_is_never_asked_again(hub: Settings, receiver: Receiver) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url())
    rows = [await world.tell(await world.open_alert(None, scope=scope), added.channel.id) for scope in "ab"]
    receiver.answers = [(410, {})]
    await drain_alerts(hub)
    assert len(receiver.arrived) == 1
    assert not (await world.channel(added.channel.id)).enabled
    assert [(await world.message(row)).state for row in rows] == [AlertMessageState.DEAD] * 2


async def test_the_sweeper_rings_for_the_channels_that_have_something_due(hub: Settings, receiver: Receiver) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url())
    off = await world.add(hub, None, ChannelKind.EMAIL, "ops@hub.example")
    alert = await world.open_alert(None)
    for one in (added, off):
        await world.tell(alert, one.channel.id)
    async with transaction() as session:
        await service.change(session, None, off.channel.id, enabled=False, actor="test")
    bells: list[tuple[Bell, str]] = []
    await sweep(lambda bell, key: bells.append((bell, key)))
    assert bells == [(Bell.TELL_ALERTS, str(added.channel.id))]
    async with transaction() as session:
        await service.remove(session, None, added.channel.id, actor="test")
        assert await due_channels(session, clock.now()) == []
