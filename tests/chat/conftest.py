"""A session whose chat this test holds."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from tracking_core.chat.lease import LEASE, ensure
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import MessageRole, SetupMessage
from tracking_core.settings import Settings
from tracking_core.setup import sessions
from tracking_core.tenants import service as tenants


@dataclass(frozen=True)
class Chat:
    tenant_id: UUID
    session_id: UUID
    fence: int

    async def say(self, text: str) -> UUID:
        async with transaction() as session:
            message = SetupMessage(
                session_id=self.session_id,
                tenant_id=self.tenant_id,
                client_id=f"seller:{new_id()}",
                role=MessageRole.SELLER,
                text=text,
                created_at=clock.now(),
            )
            session.add(message)
        return message.id


@pytest.fixture
async def chat(database: Settings) -> Chat:
    async with transaction() as session:
        tenant = await tenants.create(session, "Loja", actor="test")
        made = await sessions.create(session, tenant.tenant_id, caller=tenant.tenant_id, actor="test")
        await ensure(session, made.id)
        fence = await LEASE.take(session, made.id, new_id(), clock.now(), seconds=60)
    assert fence is not None
    return Chat(tenant.tenant_id, made.id, fence)
