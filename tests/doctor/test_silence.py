"""A gateway is silent when it is quiet for far longer than it ever was, not when a small shop sells little."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from tracking_core.db.engine import transaction
from tracking_core.doctor.silence import Silence, silence
from tracking_core.kit import clock
from tracking_core.kit.hashing import sha256_bytes
from tracking_core.models import ReceivedWebhook
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants


async def _heard(hours_ago: Sequence[float], *, activated_hours_ago: float = 720) -> Silence | None:
    now = clock.now()
    clock.set_source(lambda: now)
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        endpoint = await tenants.connect_gateway(session, made.tenant_id, "hotmart", "hottok", actor="test")
        await session.flush()
        for hours in hours_ago:
            session.add(_webhook(made.tenant_id, endpoint.id, hours))
    async with transaction() as session:
        return await silence(session, endpoint.id, now - timedelta(hours=activated_hours_ago), now)


def _webhook(tenant_id: UUID, endpoint_id: UUID, hours_ago: float) -> ReceivedWebhook:
    return ReceivedWebhook(
        tenant_id=tenant_id,
        endpoint_id=endpoint_id,
        gateway="hotmart",
        body=b"sealed",
        body_digest=sha256_bytes(str(hours_ago).encode()),
        state="processed",
        received_at=clock.now() - timedelta(hours=hours_ago),
    )


@pytest.mark.parametrize(
    ("hours_ago", "hours"),
    [
        ([100, 90, 80, 70, 60], 60),  # a sale every ten hours, then two and a half days of nothing
        ([60, 59, 58, 57, 56, 55, 54, 30], None),  # quiet for 30 hours, but it was once quiet for 24
        ([9, 8, 7, 6, 5], None),
        ([400, 300, 200, 100, 90], None),  # pauses of 100 hours are usual here
        ([90, 80, 70], None),  # too few to tell a rhythm
    ],
)
async def test_silence_is_measured_against_the_endpoints_own_rhythm(
    database: Settings, hours_ago: list[float], hours: int | None
) -> None:
    found = await _heard(hours_ago)
    assert (found.hours if found else None) == hours


async def test_an_endpoint_that_was_never_heard_of_is_reported_after_three_days(database: Settings) -> None:
    assert await _heard([], activated_hours_ago=70) is None
    found = await _heard([], activated_hours_ago=80)
    assert found == Silence(None, 80)
