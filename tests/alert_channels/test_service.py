"""Channels added, proved, changed and removed: sealed, audited, bounded, each tenant's own."""

from datetime import timedelta

import psycopg
import pytest
from pydantic import SecretStr
from sqlmodel import select

from tests.alert_channels import world
from tests.alert_channels.receiver import Receiver
from tests.conftest import KEYS
from tests.notifications.mailbox import Mailbox
from tracking_core.alerts.channels import proving, service
from tracking_core.alerts.channels.errors import ChannelKnown, ChannelsFull, TargetRefused, TooManyTests
from tracking_core.alerts.channels.target import target_for
from tracking_core.db.engine import transaction
from tracking_core.errors import HubError, NotFound
from tracking_core.kit import clock
from tracking_core.models import AlertChannel, ChannelKind, Severity
from tracking_core.secrets import rotation
from tracking_core.settings import Settings, get_settings
from tracking_core.users.errors import EmailMalformed


async def test_a_channel_is_proved_by_a_message_that_gets_through(
    hub: Settings, receiver: Receiver, mailbox: Mailbox
) -> None:
    tenant = await world.new_tenant()
    added = await world.add(hub, tenant, ChannelKind.SLACK, receiver.url())
    assert not added.channel.is_proved
    receiver.answers = [(404, {})]
    refused = await proving.prove(tenant, added.channel.id, actor="ana", settings=hub)
    assert (refused.is_sent, refused.code, refused.channel.error) == (False, "http_404", "http_404")
    assert not refused.channel.is_proved
    sent = await proving.prove(tenant, added.channel.id, actor="ana", settings=hub)
    assert (sent.is_sent, sent.channel.is_proved, sent.channel.error) == (True, True, None)
    assert "Mensagem de teste do Hub" in receiver.arrived[-1].json["text"]
    mail = await world.add(hub, tenant, ChannelKind.EMAIL, "ana@loja.example", locale="en")
    assert (await proving.prove(tenant, mail.channel.id, actor="ana", settings=hub)).is_sent
    assert mailbox.mails[0]["Subject"] == "Test message of the Hub"
    assert [entry.actor for entry in await world.audited("alert_channel.tested")] == ["ana"] * 3


@pytest.mark.parametrize(
    ("kind", "to", "error"),
    [
        (ChannelKind.SLACK, "http://hooks.example/x", TargetRefused),
        (ChannelKind.SLACK, "https://10.0.0.7/x", TargetRefused),
        (ChannelKind.WEBHOOK, "https://planted:password@hooks.example/x", TargetRefused),
        (ChannelKind.WEBHOOK, "https://metadata.internal/x", TargetRefused),
        (ChannelKind.EMAIL, "ana@loja", EmailMalformed),
    ],
)
def test_an_address_that_could_not_work_is_refused_without_being_repeated(
    kind: ChannelKind, to: str, error: type[HubError]
) -> None:
    with pytest.raises(error) as refusal:
        target_for(kind, to, "pt_BR", [])
    assert to not in f"{refusal.value} {refusal.value.params}"


async def test_it_is_kept_sealed_each_tenants_own_and_twice_or_without_end_not_at_all(
    hub: Settings, receiver: Receiver
) -> None:
    tenant, other = await world.new_tenant(), await world.new_tenant("Outra")
    added = await world.add(hub, tenant, ChannelKind.WEBHOOK, receiver.url())
    with pytest.raises(ChannelKnown):
        await world.add(hub, tenant, ChannelKind.WEBHOOK, receiver.url())
    await world.add(hub, other, ChannelKind.WEBHOOK, receiver.url())
    for number in range(1, service.MOST):
        await world.add(hub, tenant, ChannelKind.EMAIL, f"ana{number}@loja.example")
    with pytest.raises(ChannelsFull):
        await world.add(hub, tenant, ChannelKind.EMAIL, "one@more.example")
    for call in (
        lambda session: service.read(session, other, added.channel.id),
        lambda session: service.change(session, None, added.channel.id, enabled=False, actor="x"),
        lambda session: service.remove(session, other, added.channel.id, actor="x"),
    ):
        with pytest.raises(NotFound):
            async with transaction() as session:
                await call(session)
    kept = _every_row(hub.database_url)
    for secret in (receiver.url(), "planted-path", added.secret.removeprefix("whsec_"), "ana1@", "ana9@"):
        assert secret not in kept


def _every_row(url: str) -> str:
    """Of the tables that a channel leaves something in, as text and as bytes read as such."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = [
            row
            for table in ("alert_channels", "audit_log", "alert_messages")
            for row in connection.execute(f"SELECT t::text, t.* FROM {table} t").fetchall()
        ]
    return "\n".join(
        bytes(one).decode("latin-1") if isinstance(one, bytes) else str(one) for row in rows for one in row
    )


async def test_changed_and_removed_it_leaves_a_trail(hub: Settings, receiver: Receiver) -> None:
    tenant = await world.new_tenant()
    added = await world.add(hub, tenant, ChannelKind.SLACK, receiver.url())
    await world.tell(await world.open_alert(tenant), added.channel.id)
    async with transaction() as session:
        changed = await service.change(
            session, tenant, added.channel.id, min_severity=Severity.PAGE, enabled=False, actor="olga"
        )
        assert (changed.min_severity, changed.enabled) == (Severity.PAGE, False)
    async with transaction() as session:
        await service.remove(session, tenant, added.channel.id, actor="olga")
        assert await service.listed(session, tenant) == []
    [entry] = await world.audited("alert_channel.changed")
    assert entry.details["min_severity"] == {"old": "ticket", "new": "page"}
    assert [entry.tenant_id for entry in await world.audited("alert_channel.removed")] == [tenant]


async def test_somebody_elses_mailbox_is_not_filled_with_tests(hub: Settings, receiver: Receiver) -> None:
    tenant = await world.new_tenant()
    added = await world.add(hub, tenant, ChannelKind.SLACK, receiver.url())
    for _ in range(proving.TESTS_AN_HOUR):
        await proving.prove(tenant, added.channel.id, actor="ana", settings=hub)
    with pytest.raises(TooManyTests) as refusal:
        await proving.prove(tenant, added.channel.id, actor="ana", settings=hub)
    assert 3_500 < int(str(refusal.value.params["retry_after_seconds"])) <= 3_600
    later = clock.now() + timedelta(hours=1, seconds=1)
    clock.set_source(lambda: later)
    assert (await proving.prove(tenant, added.channel.id, actor="ana", settings=hub)).is_sent


async def test_the_hubs_own_follows_a_change_of_the_master_key(
    hub: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = await world.add(hub, None, ChannelKind.SLACK, receiver.url())
    newer = "newer:" + KEYS.partition(":")[2].replace("AAEC", "AQEC")

    def restart_with(keys: str) -> None:
        changed = get_settings().model_copy(update={"secrets_keys": SecretStr(keys)})
        monkeypatch.setattr("tracking_core.secrets.keyring.get_settings", lambda: changed)

    restart_with(f"{newer},{KEYS}")
    assert [done async for done in rotation.rewrap(actor="test")] == [1]
    for keys, is_sent in ((newer, True), (KEYS, False)):
        restart_with(keys)
        tested = await proving.prove(None, added.channel.id, actor="olga", settings=hub)
        assert tested.is_sent is is_sent
    assert tested.code == "not_opened"
    async with transaction() as session:
        assert (await session.scalars(select(AlertChannel.last_error))).one() == "not_opened"
