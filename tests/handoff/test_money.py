"""Money is at risk while real sales wait behind a connection on hold: not for a test sale, not for another tenant."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.handoff.conftest import NOW, Case
from tracking_core.db.engine import transaction
from tracking_core.handoff.money import is_money_at_risk
from tracking_core.kit.ids import new_id
from tracking_core.models import (
    ConnectionState,
    Conversion,
    ConversionStatus,
    Delivery,
    DeliveryState,
    MetaConnection,
    WebhookEndpoint,
)
from tracking_core.tenants import service as tenants


async def _sale(case: Case, *, held: bool = True, synthetic: bool = False, **delivery: Any) -> None:
    async with transaction() as session:
        connection = await tenants.connect_meta(
            session, case.tenant_id, str(new_id().int)[:15], "EAAtokenOfTheTest", actor="test"
        )
        row = await session.get_one(MetaConnection, connection.id)
        row.state = ConnectionState.ON_HOLD if held else ConnectionState.ACTIVE
        endpoint = await tenants.connect_gateway(session, case.tenant_id, "hotmart", "a-secret", actor="test")
        sale = _conversion(endpoint, synthetic)
        session.add(sale)
        await session.flush()
        known = {"state": DeliveryState.WAITING, "conversion_id": sale.id, **delivery}
        session.add(
            Delivery(
                tenant_id=case.tenant_id,
                connection_id=row.id,
                event_name="Purchase",
                event_id=str(new_id()),
                event_time=NOW - timedelta(hours=1),
                payload=b"{}",
                **known,
            )
        )


def _conversion(endpoint: WebhookEndpoint, synthetic: bool) -> Conversion:
    return Conversion(
        tenant_id=endpoint.tenant_id,
        endpoint_id=endpoint.id,
        gateway=endpoint.gateway,
        sale_id=str(new_id()),
        status=ConversionStatus.APPROVED,
        event_name="Purchase",
        event_id=new_id(),
        occurred_at=NOW,
        is_synthetic=synthetic,
    )


async def _at_risk(case: Case) -> bool:
    async with transaction() as session:
        return await is_money_at_risk(session, case.tenant_id)


async def test_a_real_sale_behind_a_hold(case: Case, other: Case) -> None:
    assert not await _at_risk(case)
    await _sale(case)
    assert await _at_risk(case)
    assert not await _at_risk(other)


@pytest.mark.parametrize(
    "sale",
    [
        {"held": False},
        {"synthetic": True},
        {"state": DeliveryState.DELIVERED},
        {"state": DeliveryState.DEAD},
        {"conversion_id": None},
    ],
)
async def test_what_puts_no_money_at_risk(case: Case, sale: dict[str, Any]) -> None:
    await _sale(case, **sale)
    assert not await _at_risk(case)


async def test_a_connection_that_was_ended_holds_nothing_up(case: Case) -> None:
    await _sale(case)
    async with transaction() as session:
        await session.execute(text("UPDATE meta_connections SET disabled_at = now()"))
    assert not await _at_risk(case)
