"""An erasure that ended without being done: told until the person's next one is, or somebody says it is settled."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.alerts.day import at, evaluated, rows
from tracking_core.alerts import service
from tracking_core.db.engine import transaction
from tracking_core.models import PrivacyRequest, PrivacyState
from tracking_core.reporting.scope import Scope
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

_NOON, _HOUR = at(12), timedelta(hours=1)
_FOUND: dict[str, Any] = {"searched": {"found": [{"rows": 2, "table": "a"}, {"rows": 1, "table": "b"}]}}


@pytest.fixture
async def tenant_id(database: Settings) -> UUID:
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    return made.tenant_id


async def ended(
    tenant_id: UUID, state: PrivacyState, finished: datetime | None, *, person: str = "1", **more: Any
) -> UUID:
    known: dict[str, Any] = {
        "kind": "email",
        "fingerprint": person,
        "plan_hash": "1",
        "requested_by": "ana",
        "created_at": _NOON,
    }
    row = PrivacyRequest(tenant_id=tenant_id, **known, expires_at=at(23), state=state, finished_at=finished, **more)
    async with transaction() as session:
        session.add(row)
    return row.id


async def told(settings: Settings, now: datetime) -> list[tuple[str, str, dict[str, float]]]:
    await evaluated(now, settings)
    alerts = await rows("SELECT * FROM alerts ORDER BY opened_at, id")
    assert {(one["objective"], one["severity"]) for one in alerts} <= {("erasure_unfinished", "ticket")}
    return [(one["scope"], one["state"], one["facts"]) for one in alerts]


async def test_what_failed_or_remains_is_told_until_the_persons_next_one_is_done(
    database: Settings, tenant_id: UUID
) -> None:
    failed = await ended(tenant_id, PrivacyState.FAILED, _NOON, failures=5)
    first = (str(failed), "open", {"failures": 5})
    assert await told(database, _NOON) == [first]
    await ended(tenant_id, PrivacyState.RUNNING, None, failures=1)  # it is asked for again
    await ended(tenant_id, PrivacyState.DONE, _NOON + _HOUR, person="2")
    assert await told(database, _NOON + 2 * _HOUR) == [first]
    await rows("DELETE FROM privacy_requests WHERE state = 'running'")
    remains = await ended(tenant_id, PrivacyState.REMAINS, _NOON + 3 * _HOUR, receipt=_FOUND)
    over, second = (first[0], "recovered", first[2]), (str(remains), "open", {"left_rows": 3})
    assert await told(database, _NOON + 4 * _HOUR) == [over, second]
    await ended(tenant_id, PrivacyState.DONE, _NOON + 5 * _HOUR)
    assert await told(database, _NOON + 6 * _HOUR) == [over, (second[0], "recovered", second[2])]


async def test_one_that_somebody_acknowledges_is_settled(database: Settings, tenant_id: UUID) -> None:
    remains = await ended(tenant_id, PrivacyState.REMAINS, _NOON, receipt=_FOUND)
    assert await told(database, _NOON) == [(str(remains), "open", {"left_rows": 3})]
    async with transaction() as session:
        [alert] = await service.open_alerts(session, Scope(tenant_id))
        await service.acknowledge(session, Scope(tenant_id), alert.id, actor="ana", now=_NOON)
    for hours in (1, 2, 24):
        assert await told(database, _NOON + hours * _HOUR) == [(str(remains), "recovered", {"left_rows": 3})]


async def test_one_that_is_done_that_was_not_approved_and_one_of_long_ago_are_not_told(
    database: Settings, tenant_id: UUID
) -> None:
    for person, state in enumerate((PrivacyState.DONE, PrivacyState.EXPIRED, PrivacyState.PLANNED)):
        await ended(tenant_id, state, _NOON, person=str(person))
    await ended(tenant_id, PrivacyState.FAILED, _NOON - timedelta(days=database.alert_retention_days + 1))
    assert await told(database, _NOON) == []
