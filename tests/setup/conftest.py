"""A tenant with one setup session."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlmodel import col, select

from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SessionEvent, SetupSession
from tracking_core.settings import Settings
from tracking_core.setup import lease, sessions
from tracking_core.tenants import service as tenants


@dataclass(frozen=True)
class Setup:
    tenant_id: UUID
    session_id: UUID

    async def row(self) -> SetupSession:
        async with transaction() as session:
            return await session.get_one(SetupSession, self.session_id)

    async def take(self, *, seconds: int = 15) -> int:
        """The fence of a new hold."""
        async with transaction() as session:
            fence = await lease.take(session, self.session_id, new_id(), clock.now(), seconds=seconds)
        assert fence is not None
        return fence

    async def events(self) -> list[tuple[int, str]]:
        async with transaction() as session:
            query = select(SessionEvent).where(SessionEvent.session_id == self.session_id)
            rows = (await session.scalars(query.order_by(col(SessionEvent.seq)))).all()
        return [(row.seq, row.type) for row in rows]


@pytest.fixture
async def setup(database: Settings) -> Setup:
    async with transaction() as session:
        tenant = await tenants.create(session, "Loja", actor="test")
        made = await sessions.create(session, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
    return Setup(tenant.tenant_id, made.id)
