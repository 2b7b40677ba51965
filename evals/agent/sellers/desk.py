"""Somebody of the support team, at the desk's own API."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import col, select

from evals.agent.scenario import Desk
from evals.agent.world import World
from tracking_core.db.engine import transaction
from tracking_core.models import SetupHandoff

_PATHS = {"take": "take", "reply": "reply", "return": "resume", "resolve": "resolve"}


@dataclass(slots=True)
class Support:
    world: World
    session_id: UUID
    headers: dict[str, str] = field(repr=False)

    async def act(self, wanted: Desk) -> None:
        case = await self._case()
        url = f"/api/v1/handoffs/{case}/{_PATHS[wanted.action]}"
        body = {"text": wanted.text} if wanted.text else {}
        answer = await self.world.http.post(url, json=body, headers=self.headers)
        answer.raise_for_status()

    async def _case(self) -> UUID:
        """The newest of the session."""
        query = select(SetupHandoff.id).where(SetupHandoff.session_id == self.session_id)
        async with transaction() as session:
            return (await session.scalars(query.order_by(col(SetupHandoff.created_at).desc()).limit(1))).one()
