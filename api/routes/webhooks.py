"""``POST /webhooks/{gateway}/{endpoint_key}``: kept before the 2xx, processed after it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request

from api.body import bounded
from api.deps import DoorbellDep, SessionDep
from tracking_core.db.engine import after_commit
from tracking_core.gateways.base import InboundRequest
from tracking_core.webhooks.receive import Receipt, receive
from tracking_core.worker.doorbell import Bell

router = APIRouter(tags=["webhooks"])
_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}


@router.post("/webhooks/{gateway}/{endpoint_key}", openapi_extra=_BODY)
async def receive_by_key(
    gateway: str, endpoint_key: str, request: Request, session: SessionDep, doorbell: DoorbellDep
) -> dict[str, str]:
    inbound = await _inbound(request)
    receipt = await receive(session, gateway, inbound, endpoint_key=endpoint_key)
    return _answer(session, doorbell, receipt)


@router.post("/webhooks/{gateway}", openapi_extra=_BODY)
async def receive_by_tenant(
    gateway: str, tenant_id: UUID, request: Request, session: SessionDep, doorbell: DoorbellDep
) -> dict[str, str]:
    inbound = await _inbound(request)
    receipt = await receive(session, gateway, inbound, tenant_id=tenant_id)
    return _answer(session, doorbell, receipt)


async def _inbound(request: Request) -> InboundRequest:
    limit = request.app.state.settings.webhook_max_body_bytes
    body = await bounded(request.receive, request.headers.get("content-length"), limit)
    return InboundRequest(body, dict(request.headers), dict(request.query_params))


def _answer(session: SessionDep, doorbell: DoorbellDep, receipt: Receipt) -> dict[str, str]:
    if receipt.created:
        after_commit(session, doorbell.after_commit(Bell.PROCESS_SALES))
    return {"webhook_id": str(receipt.webhook_id), "status": "received" if receipt.created else "duplicate"}
