"""A receiver and a mail server on the loopback, which the settings trust and no other."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.alert_channels.receiver import Receiver
from tests.notifications.mailbox import Mailbox, serving_mail
from tests.simulators.serving import serving
from tracking_core.settings import Settings


@pytest.fixture(scope="package")
def running_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver.app()) as url:
        receiver.origin = url
        yield receiver


@pytest.fixture
def receiver(running_receiver: Receiver) -> Receiver:
    running_receiver.reset()
    return running_receiver


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with serving_mail(Mailbox()) as mailbox:
        yield mailbox


def trusting(settings: Settings, receiver: Receiver, mailbox: Mailbox | None = None) -> Settings:
    changes: dict[str, object] = {
        "probe_trusted_origins": [receiver.origin],
        "notification_timeout_seconds": 3.0,
    }
    if mailbox:
        changes |= {"public_url": "https://hub.example"}
        changes |= {"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, "smtp_security": "none"}
        changes |= {"mail_from": "Hub <alertas@hub.example>"}
    return settings.model_copy(update=changes)


@pytest.fixture
def alone(receiver: Receiver, mailbox: Mailbox) -> Settings:
    """Without a database."""
    return trusting(Settings(_env_file=None, environment="testing"), receiver, mailbox)


@pytest.fixture
def hub(database: Settings, receiver: Receiver, mailbox: Mailbox) -> Settings:
    """With one."""
    return trusting(database, receiver, mailbox)
