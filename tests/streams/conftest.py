"""A seller with a setup session, and what happens in it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tracking_core.db.engine import transaction
from tracking_core.models import SetupSession
from tracking_core.settings import Settings
from tracking_core.streams.append import EventType, append, append_many
from tracking_core.tenants import service as tenants


@dataclass(frozen=True)
class Shop:
    tenant_id: UUID
    secret_key: str
    session_id: UUID

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret_key}"}


async def new_shop() -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        owner = SetupSession(tenant_id=made.tenant_id, created_by="test")
        session.add(owner)
    return Shop(made.tenant_id, made.secret_key, owner.id)


@pytest.fixture
async def shop(database: Settings) -> Shop:
    return await new_shop()


@pytest.fixture
def dsn(database: Settings) -> str:
    return database.database_url.replace("+psycopg", "")


async def happen(session_id: UUID, type_: EventType = EventType.STEP_STATUS, **data: Any) -> int:
    """One event in a transaction of its own; its number."""
    async with transaction() as session:
        return await append(session, session_id, type_, data)


async def happen_many(session_id: UUID, count: int, *, last: EventType = EventType.STEP_STATUS) -> int:
    types = [*[EventType.STEP_STATUS] * (count - 1), last]
    async with transaction() as session:
        return await append_many(session, session_id, [(type_, {"n": n}) for n, type_ in enumerate(types, 1)])


async def until(is_true: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 - nothing to be woken by
            await asyncio.sleep(0.02)


def backends(dsn: str, like: str = "%") -> list[int]:
    """The server's processes for this database whose application name is like this, without our own."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(dsn, autocommit=True) as admin:
        rows = admin.execute(query + " AND application_name LIKE %s", (like,)).fetchall()
    return [row[0] for row in rows]
