import ssl
from collections.abc import AsyncIterator

import httpcore
import pytest

from tests.kit.world import Dialer, Names, Site
from tracking_core.kit.guarded.client import GuardedClient, Limits

PUBLIC = "93.184.216.34"
HASTY = Limits(total_seconds=0.8, connect_seconds=0.8, read_seconds=0.5)


@pytest.fixture(scope="session")
def ssl_context() -> ssl.SSLContext:
    """The usual authorities, read once."""
    return httpcore.default_ssl_context()


@pytest.fixture
async def canary() -> AsyncIterator[Site]:
    """Stands for every address that must not be reached; serves what would be a success."""
    site = Site()
    site.answers(b"<html>inside</html>")
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The seller's server."""
    site = Site()
    site.answers()
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
def names() -> Names:
    names = Names()
    names.say("shop.example", [PUBLIC])
    return names


@pytest.fixture
def dialer(canary: Site, site: Site) -> Dialer:
    """Port 80 of the public address is the seller's server."""
    dialer = Dialer(canary)
    dialer.put(PUBLIC, 80, site)
    return dialer


@pytest.fixture
def client(names: Names, dialer: Dialer, ssl_context: ssl.SSLContext) -> GuardedClient:
    return GuardedClient(resolver=names, dialer=dialer, ssl_context=ssl_context)


@pytest.fixture
def hasty(names: Names, dialer: Dialer, ssl_context: ssl.SSLContext) -> GuardedClient:
    """For tests of what takes too long."""
    return GuardedClient(resolver=names, dialer=dialer, limits=HASTY, ssl_context=ssl_context)
