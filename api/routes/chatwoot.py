"""``POST /webhooks/chatwoot/{token}``: what people do in Chatwoot. Not every version signs its webhooks, so the address
holds a secret."""

import hmac
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException

from api.body import bounded
from api.deps import DoorbellDep, SessionDep
from tracking_core.db.engine import after_commit
from tracking_core.errors import MalformedBody
from tracking_core.kit import clock
from tracking_core.notifications.chatwoot_apply import apply
from tracking_core.notifications.chatwoot_inbound import parse
from tracking_core.settings import Settings
from tracking_core.worker.doorbell import Bell, Doorbell

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks/chatwoot/{token}", include_in_schema=False)
async def receive(token: str, request: Request, session: SessionDep, doorbell: DoorbellDep) -> dict[str, str]:
    """Chatwoot does not send again what was refused, so that only a broken body is."""
    settings: Settings = request.app.state.settings
    _require(token, settings.chatwoot_webhook_token.get_secret_value())
    command = parse(await _event(request, settings.webhook_max_body_bytes))
    done = await apply(session, command, now=clock.now(), settings=settings) if command else None
    if done is not None:
        _ring(session, doorbell, done)
    return {"status": "ignored" if done is None else "done"}


def _require(token: str, secret: str) -> None:
    """Without a secret there is no such address."""
    if not (secret and hmac.compare_digest(token.encode(), secret.encode())):
        raise HTTPException(404)


async def _event(request: Request, limit_bytes: int) -> dict[str, object]:
    body = await bounded(request.receive, request.headers.get("content-length"), limit_bytes)
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedBody from None
    if not isinstance(said, dict):
        raise MalformedBody
    return said


def _ring(session: SessionDep, doorbell: Doorbell, session_id: UUID) -> None:
    """The channels are told, and what waits for an answer may be the agent's again."""
    after_commit(session, doorbell.after_commit(Bell.NOTIFY))
    after_commit(session, doorbell.after_commit(Bell.CHAT, str(session_id)))
