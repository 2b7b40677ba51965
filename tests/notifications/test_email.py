"""E-mail, received by a real server on the loopback."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.kit.certificates import server_context
from tests.notifications.conftest import SMTP_PASSWORD
from tests.notifications.mailbox import Mailbox, serving_mail
from tests.notifications.world import SELLER, message
from tracking_core.notifications.channels import email
from tracking_core.notifications.kinds import Channel, Failed, FailureKind, Kind, Sent
from tracking_core.settings import Settings


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_a_new_case_arrives_whole_as_text_and_as_html(by_email: Settings, mailbox: Mailbox) -> None:
    told = message(Channel.EMAIL)
    assert await email.send(told, by_email) == Sent()
    [mail] = mailbox.mails
    assert mailbox.recipients == [["ana@desk.example", "bia@desk.example"]]
    assert mail["From"] == "Hub <hub@hub.example>"
    assert mail["Subject"].startswith("[P2] Loja da Maria: ")
    assert mail["Message-ID"] == f"<handoff.{told.handoff_id}@hub.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None
    plain, html = text_of(mail, "plain"), text_of(mail, "html")
    for known in ("Linha um do resumo.", "meta_token_invalid", "Remova o webhook no painel.", SELLER["phone"]):
        assert known in plain
        assert known in html
    assert SMTP_PASSWORD not in mail.as_string()


async def test_what_follows_is_short_and_in_the_same_thread(by_email: Settings, mailbox: Mailbox) -> None:
    first = message(Channel.EMAIL)
    notes = [{"id": "1", "at": "", "kind": "replied", "by": "Ana", "text": "Estou vendo."}]
    later = message(Channel.EMAIL, Kind.UPDATED, handoff_id=first.handoff_id, is_first=False, notes=notes)
    await email.send(first, by_email)
    await email.send(later, by_email)
    one, two = mailbox.mails
    assert two["In-Reply-To"] == two["References"] == one["Message-ID"]
    assert two["Message-ID"] != one["Message-ID"]
    assert two["Subject"] == f"Re: {one['Subject']}"
    assert "Ana: Estou vendo." in text_of(two, "plain")
    assert "Linha um do resumo." not in text_of(two, "plain")
    assert SELLER["phone"] not in two.as_string()


async def test_lateness_is_said_first_and_marked_as_urgent(by_email: Settings, mailbox: Mailbox) -> None:
    await email.send(message(Channel.EMAIL, Kind.BREACHED, is_first=False), by_email)
    [mail] = mailbox.mails
    assert mail["Subject"].startswith("Atrasado: [P2]")
    assert mail["Importance"] == "high"
    assert "Linha um do resumo." in text_of(mail, "plain")


async def test_no_header_can_be_added_by_what_others_wrote(by_email: Settings, mailbox: Mailbox) -> None:
    name = "Loja\r\nBcc: thief@evil.example\r\n\r\nbody \u2028 \u202e \x00 " + "é" * 300
    await email.send(message(Channel.EMAIL, tenant_name=name, priority="P1\nX: y"), by_email)
    [mail] = mailbox.mails
    assert mailbox.recipients == [["ana@desk.example", "bia@desk.example"]]
    assert mail["Bcc"] is None
    assert mail["X"] is None
    assert "Bcc: thief@evil.example" in mail["Subject"]
    assert len(mail["Subject"]) <= 200


async def test_what_the_seller_wrote_is_text_in_html_too(by_email: Settings, mailbox: Mailbox) -> None:
    await email.send(message(Channel.EMAIL), by_email)
    html = text_of(mailbox.mails[0], "html")
    assert "<img" not in html
    assert "&lt;img src=http://evil.example/x.png&gt;" in html
    assert "<a " not in html


async def test_a_case_file_of_another_version_still_tells_its_reason(by_email: Settings, mailbox: Mailbox) -> None:
    assert await email.send(message(Channel.EMAIL, package={"version": 9}, package_version=9), by_email) == Sent()
    plain = text_of(mailbox.mails[0], "plain")
    assert "A mesma etapa falhou" in plain or "mesma etapa" in plain.lower()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("rcpt 451 4.7.1 Greylisted", Failed(FailureKind.TRANSIENT, "recipient_451")),
        ("rcpt 550 5.1.1 No such user planted-mail-password", Failed(FailureKind.PERMANENT, "recipient_550")),
        ("data 554 5.7.1 Spam", Failed(FailureKind.PERMANENT, "smtp_554")),
        ("data 452 4.3.1 Full", Failed(FailureKind.TRANSIENT, "smtp_452")),
        ("hang", Failed(FailureKind.TRANSIENT, "timed_out")),
        ("drop", Failed(FailureKind.TRANSIENT, "connection_lost")),
        ("drop_after", Failed(FailureKind.TRANSIENT, "connection_lost")),
    ],
)
async def test_a_servers_refusal_is_classified_without_its_words(
    by_email: Settings, mailbox: Mailbox, fault: str, expected: Failed
) -> None:
    # For two recipients: each is refused on its own.
    mailbox.faults = [fault] * (2 if fault.startswith("rcpt") else 1)
    impatient = by_email.model_copy(update={"notification_timeout_seconds": 0.5})
    assert await email.send(message(Channel.EMAIL), impatient) == expected


async def test_one_refused_recipient_of_two_is_no_failure(by_email: Settings, mailbox: Mailbox) -> None:
    mailbox.faults = ["rcpt 550 5.1.1 No such user"]
    assert await email.send(message(Channel.EMAIL), by_email) == Sent()
    assert mailbox.recipients == [["bia@desk.example"]]


async def test_a_mail_taken_without_our_knowing_comes_again_under_the_same_id(
    by_email: Settings, mailbox: Mailbox
) -> None:
    mailbox.faults = ["drop_after"]
    told = message(Channel.EMAIL)
    await email.send(told, by_email)
    await email.send(told, by_email)
    one, two = mailbox.mails
    assert one["Message-ID"] == two["Message-ID"]


async def test_what_the_operator_has_to_mend_says_so(by_email: Settings) -> None:
    def changed(**values: object) -> Settings:
        return by_email.model_copy(update=values)

    told, kind = message(Channel.EMAIL), FailureKind.MISCONFIGURED
    assert await email.send(told, changed(smtp_password=SecretStr("wrong"))) == Failed(kind, "auth_535")
    assert await email.send(told, changed(smtp_security="starttls")) == Failed(kind, "not_supported")
    assert await email.send(told, changed(support_email_from="nobody")) == Failed(kind, "address_malformed")
    gone = await email.send(told, changed(smtp_port=9))
    assert gone == Failed(FailureKind.TRANSIENT, "connection_lost")


async def test_starttls_with_a_known_certificate_carries_the_password_and_with_an_unknown_one_nothing(
    by_email: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = server_context(tmp_path, "127.0.0.1")
    async with serving_mail(Mailbox(password=SMTP_PASSWORD), tls=tls) as mailbox:
        secure = by_email.model_copy(update={"smtp_port": mailbox.port, "smtp_security": "starttls"})
        refused = await email.send(message(Channel.EMAIL), secure)
        assert refused == Failed(FailureKind.MISCONFIGURED, "certificate_refused")
        assert mailbox.mails == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert await email.send(message(Channel.EMAIL), secure) == Sent()
        assert mailbox.were_encrypted == [True]
