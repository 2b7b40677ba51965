"""The provider's side of every test here."""

from collections.abc import AsyncIterator

import pytest

from tests.gateways.api.vendor import Vendor, running


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with running() as vendor:
        yield vendor


@pytest.fixture
def unreachable() -> str:
    """Port 1 of the loopback: nothing listens there."""
    return "http://127.0.0.1:1"
