"""Announce a made-up sale before its webhook is sent, so that the pipeline knows it for one of ours.

The sale ids are UUIDs of version 8 (RFC 9562: free for one's own use) that begin with ``hubpro`` in hex. Gateways take
any text for a sale id; Kiwify's own are UUIDs of version 4 and Hotmart's begin with ``HP``, so neither looks like ours.
The look is only a reason to ask: a sale is synthetic when its exact id was announced for its tenant and gateway.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.db import bulk
from tracking_core.errors import NotFound
from tracking_core.gateways import registry
from tracking_core.kit.ids import new_id, stable_hex
from tracking_core.models import MetaConnection, SyntheticSale

PREFIX = "68756270-726f-8"

Announced = Mapping[tuple[UUID, str, str], SyntheticSale]


async def announce(
    session: AsyncSession,
    tenant_id: UUID,
    gateway: str,
    *,
    session_id: UUID | None,
    connection_id: UUID,
    test_event_code: str,
    now: datetime,
    proof_id: UUID | None = None,
) -> SyntheticSale:
    """The announced sale, to be committed before its webhook is sent; the same one for the same ``proof_id``.

    Raises NotFound for a gateway we do not know and for a connection that is not the tenant's; ValueError without a
    test event code, because then Meta would count it.
    """
    registry.get(gateway)
    if not test_event_code:
        raise ValueError("a synthetic sale needs a test event code")
    connection = await session.get(MetaConnection, connection_id)
    if connection is None or connection.tenant_id != tenant_id:
        raise NotFound(what="connection")
    sale_id = sale_id_of(proof_id or new_id())
    row = {
        "tenant_id": tenant_id,
        "gateway": gateway,
        "sale_id": sale_id,
        "session_id": session_id,
        "connection_id": connection_id,
        "test_event_code": test_event_code,
        "created_at": now,
    }
    await bulk.insert(session, SyntheticSale, [row])
    return await session.get_one(SyntheticSale, (tenant_id, gateway, sale_id))


def sale_id_of(proof_id: UUID) -> str:
    digits = stable_hex("synthetic_sale", proof_id)
    return f"{PREFIX}{digits[13:16]}-{digits[16:20]}-{digits[20:]}"


def is_alike(sale_id: str) -> bool:
    """Whether the id may be one of ours: the cheap test before any question to the database."""
    return sale_id.startswith(PREFIX)


async def announced_among(session: AsyncSession, named: Collection[tuple[UUID, str, str]]) -> Announced:
    """Which of these (tenant, gateway, sale id) were announced. Ordinary sales cost no query."""
    alike = {one for one in named if is_alike(one[2])}
    if not alike:
        return {}
    key = tuple_(col(SyntheticSale.tenant_id), col(SyntheticSale.gateway), col(SyntheticSale.sale_id))
    rows = (await session.scalars(select(SyntheticSale).where(key.in_(alike)))).all()
    return {(row.tenant_id, row.gateway, row.sale_id): row for row in rows}
