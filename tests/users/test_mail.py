"""The mails with a link, received by a real server on the loopback."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.notifications.mailbox import Mailbox, serving_mail
from tracking_core.models import User
from tracking_core.settings import Settings
from tracking_core.users import links, mail
from tracking_core.users.mail import LinkMail, Purpose

LINK = "https://hub.example/sign-in/link/sk_hub_link_abc"


def _settings(mailbox: Mailbox, **more: object) -> Settings:
    return Settings(
        _env_file=None, smtp_host="127.0.0.1", smtp_port=mailbox.port, smtp_security="none",
        mail_from="Hub <entrar@hub.example>", notification_timeout_seconds=0.5, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _asked(
    locale: str = "pt_BR", purpose: Purpose = Purpose.SIGN_IN, name: str = "Ana", life: timedelta | None = links.LIFE
) -> LinkMail:
    return LinkMail(User(email="ana@loja.example", name=name, locale=locale), purpose, LINK, life)


def _texts(message: EmailMessage) -> list[str]:
    return [str(part.get_content()) for kind in ("plain", "html") if (part := message.get_body((kind,)))]


@pytest.mark.parametrize(
    ("locale", "subject", "once"),
    [("pt_BR", "Seu link para entrar", "30 minutos"), ("en", "Your link to sign in", "30 minutes")],
)
async def test_it_comes_in_the_readers_language_as_text_and_as_html(locale: str, subject: str, once: str) -> None:
    async with serving_mail(Mailbox()) as mailbox:
        assert await mail.send(_asked(locale), _settings(mailbox))
    [message], [recipients] = mailbox.mails, mailbox.recipients
    assert recipients == ["ana@loja.example"]
    assert (message["Subject"], message["From"]) == (subject, "Hub <entrar@hub.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = _texts(message)
    for text in (plain, html):
        assert LINK in text
        assert once in text
        assert "Ana" in text


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_every_purpose_has_its_words(purpose: Purpose) -> None:
    life = None if purpose is Purpose.PROVIDER else links.INVITATION_LIFE
    async with serving_mail(Mailbox()) as mailbox:
        assert await mail.send(_asked(purpose=purpose, life=life), _settings(mailbox))
    [message] = mailbox.mails
    assert ("7 dias" in _texts(message)[0]) is (life is not None)


async def test_a_name_is_text_and_no_markup() -> None:
    async with serving_mail(Mailbox()) as mailbox:
        await mail.send(_asked(name="<b>{link}</b>"), _settings(mailbox))
    assert "&lt;b&gt;{link}&lt;/b&gt;" in _texts(mailbox.mails[0])[1]


@pytest.mark.parametrize("fault", ["rcpt 550 5.1.1 <ana@loja.example> unknown", "data 554 ana@loja.example", "hang"])
async def test_a_failure_is_logged_without_whom_it_was_for(fault: str) -> None:
    async with serving_mail(Mailbox(faults=[fault])) as mailbox:
        with capture_logs() as logs:
            assert not await mail.send(_asked(), _settings(mailbox))
    [entry] = [one for one in logs if one["event"] == "sign_in_mail_failed"]
    assert entry["reason"]
    assert "ana" not in str(logs)
    assert LINK not in str(logs)


async def test_a_server_that_is_away_and_a_sender_that_is_none_are_failures() -> None:
    async with serving_mail(Mailbox()) as mailbox:
        settings = _settings(mailbox)
    assert not await mail.send(_asked(), settings)
    assert not await mail.send(_asked(), settings.model_copy(update={"mail_from": "nobody"}))


async def test_the_password_of_the_mail_server_is_used_and_not_shown() -> None:
    async with serving_mail(Mailbox(password="planted")) as mailbox:
        settings = _settings(mailbox, smtp_username="hub", smtp_password=SecretStr("planted"))
        assert await mail.send(_asked(), settings)
        refused = settings.model_copy(update={"smtp_password": SecretStr("another-planted")})
        with capture_logs() as logs:
            assert not await mail.send(_asked(), refused)
    assert "planted" not in str(logs)
