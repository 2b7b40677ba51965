"""What the hub says in a session, in the session's language: one sentence for each thing it came to."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.db import bulk
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import MessageRole, SetupMessage, SetupSession
from tracking_core.setup.meanings import describe
from tracking_core.streams.append import EventType, append


async def say(
    session: AsyncSession, owner: SetupSession, client_id: str, code: str | None, params: Mapping[str, str] | None
) -> None:
    """The code's sentence and what to do about it, once for each ``client_id``; without a code, nothing."""
    if code is None:
        return
    said = describe(code, params or {}, owner.locale)
    text = " ".join(filter(None, (said["message"], said.get("recommendation"))))
    row = {
        "id": new_id(),
        "session_id": owner.id,
        "tenant_id": owner.tenant_id,
        "client_id": client_id,
        "role": MessageRole.HUB,
        "text": text,
        "code": code,
        "created_at": clock.now(),
    }
    if await bulk.insert(session, SetupMessage, [row], returning="id"):
        told = {"message_id": str(row["id"]), "role": MessageRole.HUB, "code": code, "text": text}
        await append(session, owner.id, EventType.MESSAGE_COMPLETED, told)
