"""Two shops with a real pipeline, and the people who look at them: a seller, the desk, an operator."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ana, beto
from tests.ui_operations.people import ORIGIN, Person, signed_in
from tracking_core.models import Role
from tracking_core.settings import Settings

__all__ = ["ana", "beto"]
Enter = Callable[..., Awaitable[Person]]


@pytest.fixture
async def app(database: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(database)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def enter(app: FastAPI) -> AsyncIterator[Enter]:
    """Sign somebody of a role in; a seller with these shops."""
    async with AsyncExitStack() as opened:

        async def entered(role: Role, *shops: Shop) -> Person:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN})
            await opened.enter_async_context(client)
            return await signed_in(client, role, shops=tuple(shop.tenant_id for shop in shops))

        yield entered


@pytest.fixture
async def olga(enter: Enter) -> Person:
    return await enter(Role.OPERATOR)


@pytest.fixture
async def seller(enter: Enter, ana: Shop) -> Person:
    """Of Ana's shop."""
    return await enter(Role.SELLER, ana)
