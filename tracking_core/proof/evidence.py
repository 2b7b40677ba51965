"""What the hub's own rows say of a made-up sale. Each question is asked through an index."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text

from tracking_core.db.engine import transaction
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.proof.run import ProofRun

_SALE = text("""
SELECT c.id, c.status, c.decision, c.decision_reason, c.is_synthetic, m.rule, m.click_id
FROM conversions c LEFT JOIN matches m ON m.conversion_id = c.id
WHERE c.event_id = :event_id AND c.tenant_id = :tenant AND c.gateway = :gateway ORDER BY c.created_at LIMIT 1
""")
_WEBHOOK = text("""
SELECT state, reason FROM received_webhooks
WHERE endpoint_id IN (SELECT id FROM webhook_endpoints WHERE tenant_id = :tenant AND gateway = :gateway)
  AND body_digest = :digest ORDER BY received_at LIMIT 1
""")
_DELIVERY = text("""
SELECT d.id, d.state, d.reason, d.test_event_code, k.state AS connection_state, k.hold_code, k.paused_until,
    k.disabled_at IS NOT NULL AS is_disabled
FROM deliveries d JOIN meta_connections k ON k.id = d.connection_id
WHERE d.conversion_id = :conversion AND d.connection_id = :connection
""")
_ACCEPTED = text("""
SELECT http_status, latency_ms, fbtrace_id, batch_size, response FROM dispatch_attempts
WHERE delivery_id = :delivery AND outcome = 'accepted' ORDER BY started_at LIMIT 1
""")
_ANNOUNCED = text("""
SELECT FROM synthetic_sales WHERE tenant_id = :tenant AND gateway = :gateway AND sale_id = :sale
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleSeen:
    """The conversion with its match, if it has one yet."""

    id: UUID
    status: str
    decision: str
    decision_reason: str | None
    is_synthetic: bool
    rule: str | None
    click_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySeen:
    id: UUID
    state: str
    reason: str | None
    test_event_code: str | None
    connection_state: str
    hold_code: str | None
    paused_until: datetime | None
    is_disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Meta's answer to the request that carried the sale; ``events_received`` as Meta said it."""

    http_status: int | None
    latency_ms: int
    fbtrace_id: str | None
    batch_size: int
    events_received: int | None


async def is_announced(run: ProofRun) -> bool:
    values = {"tenant": run.tenant_id, "gateway": run.gateway, "sale": run.sale_id}
    async with transaction() as session:
        return (await session.execute(_ANNOUNCED, values)).first() is not None


async def sale(run: ProofRun) -> SaleSeen | None:
    values = {"event_id": run.sale_event_id, "tenant": run.tenant_id, "gateway": run.gateway}
    async with transaction() as session:
        row = (await session.execute(_SALE, values)).mappings().first()
    return SaleSeen(**row) if row else None


async def unread(run: ProofRun) -> str | None:
    """Why the webhook led to no sale, or None when it is still to be worked on or was never received."""
    digest = sha256_bytes(run.webhook("any").body)
    values = {"tenant": run.tenant_id, "gateway": run.gateway, "digest": digest}
    async with transaction() as session:
        row = (await session.execute(_WEBHOOK, values)).first()
    return f"{row.state}:{row.reason}" if row and row.state in ("ignored", "unreadable") else None


async def delivery(run: ProofRun, conversion_id: UUID) -> DeliverySeen | None:
    values = {"conversion": conversion_id, "connection": run.connection_id}
    async with transaction() as session:
        row = (await session.execute(_DELIVERY, values)).mappings().first()
    return DeliverySeen(**row) if row else None


async def accepted(delivery_id: UUID) -> Accepted | None:
    async with transaction() as session:
        row = (await session.execute(_ACCEPTED, {"delivery": delivery_id})).mappings().first()
    if row is None:
        return None
    said = {name: value for name, value in row.items() if name != "response"}
    return Accepted(**said, events_received=_received(row["response"]))


def _received(response: str | None) -> int | None:
    try:
        said = orjson.loads(response or "")
    except orjson.JSONDecodeError:
        return None
    received = said.get("events_received") if isinstance(said, dict) else None
    return received if isinstance(received, int) else None
