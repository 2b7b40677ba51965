"""What each kind of channel sends, and what it makes of an answer; without a database."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import orjson
import pytest

from tests.alert_channels.receiver import Receiver
from tests.kit.world import Names
from tests.notifications.mailbox import Mailbox
from tracking_core.alerts.channels import slack
from tracking_core.alerts.channels.explain import OTHERWISE, explain
from tracking_core.alerts.channels.notice import Event, Notice
from tracking_core.alerts.channels.posting import guarded_client
from tracking_core.alerts.channels.send import send
from tracking_core.alerts.channels.target import Target, hint_of, target_for
from tracking_core.kit import clock
from tracking_core.kit.guarded.client import GuardedClient
from tracking_core.kit.ids import new_id
from tracking_core.models import ChannelKind
from tracking_core.notifications.kinds import Failed, FailureKind, Outcome, Sent
from tracking_core.notifications.signatures import is_genuine
from tracking_core.settings import Settings

NOTICE = Notice(
    id=new_id(),
    thread=new_id(),
    event=Event.OPENED,
    is_urgent=True,
    locale="pt_BR",
    title="Loja <da> Maria & filhos: vendas esperam",
    said=("Vendas esperam. <!channel>", "Desde 26/11/2026 09:00."),
    numbers=(("Dataset", "123"),),
    todo=("Gere um novo token.",),
    todo_title="O que fazer",
    link="https://hub.example/app/alerts#alert-1",
    link_title="Ver no Hub",
    at=datetime(2026, 11, 26, 12, 0, tzinfo=UTC),
    data={"alert_id": "1", "objective": "connection_on_hold"},
)


async def sent(settings: Settings, kind: ChannelKind, to: str, notice: Notice = NOTICE) -> Outcome:
    target = target_for(kind, to, "pt_BR", settings.probe_trusted_origins)
    return await send(kind, target, notice, settings, guarded_client(settings))


async def test_slack_gets_blocks_and_a_text_that_mentions_nobody(alone: Settings, receiver: Receiver) -> None:
    assert await sent(alone, ChannelKind.SLACK, receiver.url()) == Sent()
    [arrived] = receiver.arrived
    assert arrived.headers["content-type"] == "application/json"
    header, said, fields, todo, link = arrived.json["blocks"]
    assert header["text"] == {
        "type": "plain_text", "text": ":rotating_light: Loja <da> Maria & filhos: vendas esperam", "emoji": True
    }  # fmt: skip
    assert said["text"]["text"] == "Vendas esperam. &lt;!channel&gt;\nDesde 26/11/2026 09:00."
    assert fields["fields"] == [{"type": "mrkdwn", "text": "*Dataset*\n123"}]
    assert todo["text"]["text"] == "*O que fazer*\n• Gere um novo token."
    assert link["text"]["text"] == "<https://hub.example/app/alerts#alert-1|Ver no Hub>"
    assert arrived.json["text"].startswith("Loja &lt;da&gt; Maria &amp; filhos: vendas esperam\n")
    assert "<!channel>" not in arrived.body.decode()


def test_slacks_limits_are_kept_whatever_is_said() -> None:
    long = replace(
        NOTICE, title="é" * 400, said=("x" * 9_000,), numbers=tuple((f"n{at}", "9" * 3_000) for at in range(30))
    )
    body = slack.body_of(long)
    header, said, fields, *_ = orjson.loads(body)["blocks"]
    assert len(header["text"]["text"]) == 150
    assert len(said["text"]["text"]) == 3_000
    assert (len(fields["fields"]), max(len(one["text"]) for one in fields["fields"])) == (10, 2_000)


async def test_a_webhook_is_signed_and_has_the_same_id_at_every_try(alone: Settings, receiver: Receiver) -> None:
    target = target_for(ChannelKind.WEBHOOK, receiver.url(), "pt_BR", alone.probe_trusted_origins)
    for _ in range(2):
        assert await send(ChannelKind.WEBHOOK, target, NOTICE, alone, guarded_client(alone)) == Sent()
    first, second = receiver.arrived
    assert is_genuine(target.secret, first.headers, first.body, clock.now())
    assert not is_genuine("whsec_b3RoZXI=", first.headers, first.body, clock.now())
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(NOTICE.id)
    assert first.json["type"] == "alert.opened"
    assert first.json["data"]["objective"] == "connection_on_hold"
    assert first.json["data"]["what_to_do"] == ["Gere um novo token."]
    assert target.secret not in repr(target)
    assert receiver.origin not in repr(target)


def part_of(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


async def test_a_mail_is_text_and_html_in_the_alerts_thread(alone: Settings, mailbox: Mailbox) -> None:
    assert await sent(alone, ChannelKind.EMAIL, "Ana@Loja.example") == Sent()
    over = replace(NOTICE, id=new_id(), event=Event.RECOVERED, todo=())
    assert await sent(alone, ChannelKind.EMAIL, "ana@loja.example", over) == Sent()
    first, second = mailbox.mails
    assert (first["To"], first["Importance"], second["Importance"]) == ("ana@loja.example", "high", None)
    assert first["Subject"] == NOTICE.title
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    plain, html = part_of(first, "plain"), part_of(first, "html")
    assert "O que fazer:\n- Gere um novo token.\n" in plain
    assert "Loja &lt;da&gt; Maria &amp; filhos" in html
    assert "O que fazer" not in part_of(second, "plain")
    nowhere = alone.model_copy(update={"smtp_host": ""})
    assert await sent(nowhere, ChannelKind.EMAIL, "a@b.example") == Failed(FailureKind.MISCONFIGURED, "no_mail_server")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"retry-after": "120"}, Failed(FailureKind.TRANSIENT, "http_429", 120)),
        (503, {}, Failed(FailureKind.TRANSIENT, "http_503")),
        (302, {"location": "/elsewhere"}, Failed(FailureKind.MISCONFIGURED, "http_302")),
        (404, {}, Failed(FailureKind.MISCONFIGURED, "http_404")),
        (410, {}, Failed(FailureKind.PERMANENT, "http_410")),
        (400, {}, Failed(FailureKind.PERMANENT, "http_400")),
    ],
)
async def test_an_answer_is_classed_by_its_status(
    alone: Settings, receiver: Receiver, status: int, headers: dict[str, str], expected: Failed
) -> None:
    receiver.answers = [(status, headers)]
    assert await sent(alone, ChannelKind.SLACK, receiver.url()) == expected
    assert receiver.lost == 0
    assert explain(expected.error) != OTHERWISE


async def test_what_comes_back_is_bounded_in_time_and_size(alone: Settings, receiver: Receiver) -> None:
    assert await sent(alone, ChannelKind.SLACK, receiver.url("huge")) == Sent()
    hasty = alone.model_copy(update={"notification_timeout_seconds": 0.2})
    assert await sent(hasty, ChannelKind.SLACK, receiver.url("hang")) == Failed(FailureKind.TRANSIENT, "timed_out")
    gone = alone.model_copy(update={"probe_trusted_origins": ["http://127.0.0.1:9"]})
    refused = await sent(gone, ChannelKind.SLACK, "http://127.0.0.1:9/hook")
    assert refused == Failed(FailureKind.TRANSIENT, "unreachable")


async def test_a_name_that_leads_inside_is_not_dialled(alone: Settings, receiver: Receiver) -> None:
    names = Names()
    names.say("hooks.example", ["127.0.0.1"])
    target = Target("https://hooks.example/x", "pt_BR")
    outcome = await send(ChannelKind.SLACK, target, NOTICE, alone, GuardedClient(resolver=names))
    assert outcome == Failed(FailureKind.MISCONFIGURED, "address_refused")
    assert receiver.arrived == []


def test_a_hint_shows_whose_it_is_and_not_the_way_in() -> None:
    hook = Target("https://hooks.slack.example/services/T000/B000/planted-secret-9876", "pt_BR")
    assert hint_of(ChannelKind.SLACK, hook) == "hooks.slack.example/…9876"
    assert hint_of(ChannelKind.WEBHOOK, Target("https://a.example/x", "pt_BR")) == "a.example/…"
    assert hint_of(ChannelKind.EMAIL, Target("ana@loja.example", "pt_BR")) == "a…@loja.example"
