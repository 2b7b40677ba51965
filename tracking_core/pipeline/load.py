"""First stage: lease due webhooks with a row lock, open them, and let their gateway normalise them."""

from datetime import datetime

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.gateways import registry
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.sale_event import Ignored, SaleEvent
from tracking_core.logging import lines_about
from tracking_core.models import ReceivedWebhook, Tenant, WebhookState
from tracking_core.pipeline.stages import TenantRules, Work
from tracking_core.tenants.errors import TenantClosed
from tracking_core.tenants.service import cipher_of


async def load_due(session: AsyncSession, now: datetime, *, limit: int) -> list[Work]:
    """Due webhooks, oldest first, locked until the transaction ends; another worker skips them."""
    query = (
        select(ReceivedWebhook, Tenant)
        .join(Tenant)
        .where(ReceivedWebhook.state == WebhookState.RECEIVED, ReceivedWebhook.due_at <= now)
        .order_by(ReceivedWebhook.due_at)  # type: ignore[arg-type]
        .limit(limit)
        .with_for_update(of=ReceivedWebhook, skip_locked=True)
    )
    rows = (await session.execute(query)).all()
    if len({tenant.id for _, tenant in rows}) == 1:
        lines_about(rows[0][1].id)
    return [_opened(webhook, tenant) for webhook, tenant in rows]


def _opened(webhook: ReceivedWebhook, tenant: Tenant) -> Work:
    rules, said = rules_of(tenant), _said(webhook, tenant)
    gateway, received_at, trace = webhook.gateway, webhook.received_at, webhook.trace_context
    return Work(webhook.id, webhook.endpoint_id, rules, said, gateway, received_at, trace)


def _said(webhook: ReceivedWebhook, tenant: Tenant) -> SaleEvent | Ignored | str:
    """As ``normalized``; one that came while its tenant was being closed is never read."""
    try:
        body = cipher_of(tenant).decrypt(webhook.body, f"webhook:{webhook.id}:body")
    except TenantClosed as closed:
        return closed.code
    return normalized(webhook.gateway, body)


def normalized(gateway: str, body: bytes) -> SaleEvent | Ignored | str:
    """The payload as its gateway reads it, or the reason why it cannot be read."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "not_json"
    if not isinstance(payload, dict):
        return "not_an_object"
    try:
        return registry.get(gateway).normalize(payload)
    except PayloadUnreadable as unreadable:
        return str(unreadable)


def rules_of(tenant: Tenant) -> TenantRules:
    return TenantRules(
        tenant_id=tenant.id,
        country=tenant.default_country,
        consent_mode=tenant.consent_mode,
        match_threshold=tenant.match_threshold,
        attribution_window_days=tenant.attribution_window_days,
    )
