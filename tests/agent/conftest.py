"""A session, its inbox and the runner over the real graph and its real checkpoints."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from agent.checkpoints import migrate
from agent.setup.runner import Runner
from agent.worker import runner as running
from tracking_core.db.engine import transaction
from tracking_core.kit.ids import new_id
from tracking_core.models import IntentState, SessionEvent, SetupIntent, SetupSession
from tracking_core.settings import Settings
from tracking_core.setup import inbox, sessions
from tracking_core.setup.inbox import IntentKind
from tracking_core.tenants import service as tenants


@dataclass(frozen=True)
class Session:
    tenant_id: UUID
    id: UUID

    async def ask(self, kind: str, payload: dict[str, Any], *, client_id: str = "") -> UUID:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, self.id)
            name, kept = client_id or str(new_id()), IntentKind.SET_PREFERENCES
            intent, _ = await inbox.enqueue(session, owner, kept, payload, actor="seller", client_id=name)
            intent.kind = kind
        return intent.id

    async def intents(self) -> list[SetupIntent]:
        async with transaction() as session:
            query = select(SetupIntent).where(SetupIntent.session_id == self.id).order_by(col(SetupIntent.seq))
            return list((await session.scalars(query)).all())

    async def states(self) -> list[str]:
        return [intent.state for intent in await self.intents()]

    async def row(self) -> SetupSession:
        async with transaction() as session:
            return await session.get_one(SetupSession, self.id)

    async def end_lease(self) -> None:
        """As when its time has passed."""
        async with transaction() as session:
            row = await session.get_one(SetupSession, self.id)
            row.lease_owner = row.lease_until = None

    async def events(self) -> list[str]:
        async with transaction() as session:
            query = select(SessionEvent).where(SessionEvent.session_id == self.id).order_by(col(SessionEvent.seq))
            return [row.type for row in (await session.scalars(query)).all()]


@pytest.fixture
async def session(database: Settings) -> Session:
    async with transaction() as opened:
        tenant = await tenants.create(opened, "Loja", actor="test")
        made = await sessions.create(opened, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
    return Session(tenant.tenant_id, made.id)


@pytest.fixture
async def runner(database: Settings) -> AsyncIterator[Runner]:
    await migrate(database.database_url)
    async with running(database) as made:
        yield made


DONE, REFUSED, QUEUED = IntentState.DONE.value, IntentState.REFUSED.value, IntentState.QUEUED.value
PREFERENCES = IntentKind.SET_PREFERENCES.value
