"""The three channels on the loopback; the simulated Chatwoot as new for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from evals.simulators.chatwoot.app import create_app
from evals.simulators.chatwoot.state import State
from tests.notifications.mailbox import Mailbox, serving_mail
from tests.notifications.receiver import Receiver
from tests.simulators.serving import serving
from tracking_core.settings import Settings

WEBHOOK_SECRET, SMTP_PASSWORD = "whsec_cGxhbnRlZC1zZWNyZXQtb2YtdGhlLXdlYmhvb2s=", "planted-mail-password"


@pytest.fixture(scope="package")
def running_chatwoot() -> Iterator[tuple[State, str]]:
    state = State()
    with serving(create_app(state)) as url:
        yield state, url


@pytest.fixture
def chatwoot(running_chatwoot: tuple[State, str]) -> State:
    running_chatwoot[0].reset()
    return running_chatwoot[0]


@pytest.fixture(scope="package")
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver.app()) as url:
        receiver.url = f"{url}/hook"
        yield receiver


@pytest.fixture
def receiver(running_receiver: Receiver) -> Receiver:
    vars(running_receiver).update(answers=[], delivered=[], elsewhere=0)
    return running_receiver


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving_mail(Mailbox(password=SMTP_PASSWORD)) as mailbox:
        yield mailbox


@pytest.fixture
def silent() -> Settings:
    """No channel, and little patience."""
    return Settings(_env_file=None, environment="testing", notification_timeout_seconds=3.0)


@pytest.fixture
def by_email(silent: Settings, mailbox: Mailbox) -> Settings:
    return silent.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox.port,
            "smtp_security": "none",
            "smtp_username": "hub",
            "smtp_password": SecretStr(SMTP_PASSWORD),
            "support_email_from": "Hub <hub@hub.example>",
            "support_email_to": "ana@desk.example, Bia <bia@desk.example>",
        }
    )


@pytest.fixture
def by_webhook(silent: Settings, receiver: Receiver) -> Settings:
    return silent.model_copy(
        update={"support_webhook_url": receiver.url, "support_webhook_secret": SecretStr(WEBHOOK_SECRET)}
    )


@pytest.fixture
def by_chatwoot(silent: Settings, running_chatwoot: tuple[State, str], chatwoot: State) -> Settings:
    return silent.model_copy(
        update={
            "chatwoot_url": running_chatwoot[1],
            "chatwoot_account_id": chatwoot.account.id,
            "chatwoot_inbox_id": chatwoot.account.inbox_id,
            "chatwoot_token": SecretStr(chatwoot.account.token),
        }
    )


@pytest.fixture
def by_all(by_email: Settings, by_webhook: Settings, by_chatwoot: Settings) -> Settings:
    return both(both(by_email, by_webhook), by_chatwoot)


def both(one: Settings, other: Settings) -> Settings:
    """One with what the other has set."""
    mine = {name: getattr(other, name) for name in type(other).model_fields}
    unset = {name: field.get_default() for name, field in type(other).model_fields.items()}
    return one.model_copy(update={name: value for name, value in mine.items() if value != unset[name]})
