"""A day's comparison with the gateway's list: told when it was not read or differs, until one is good."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.alerts.day import at, evaluated, rows
from tests.reconciliation.shop import connect
from tracking_core.db.engine import transaction
from tracking_core.models import ReconciliationRun, RunKind, RunState
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

_NOON, _DAY = at(12), timedelta(days=1)
_FAILED: dict[str, Any] = {"state": RunState.FAILED, "code": "gateway_unavailable", "differences": None}
_ALERTS = "SELECT objective, scope, severity, state, openings, facts FROM alerts ORDER BY opened_at, id"


@pytest.fixture
async def endpoint(database: Settings) -> UUID:
    """Hotmart's, with credentials in use; the evaluation has come up to noon."""
    async with transaction() as session:
        made = await tenants.create(session, "Loja", actor="test")
        hotmart, _kiwify = await connect(session, made.tenant_id)
    await rows("UPDATE webhook_endpoints SET created_at = :at", at=_NOON - 60 * _DAY)
    await rows("INSERT INTO alert_progress (name, at) VALUES ('counted', :at)", at=_NOON)
    return hotmart


async def ran(endpoint: UUID, finished: datetime, kind: RunKind = RunKind.DAILY, **more: Any) -> None:
    """A round over the days that its kind reads, begun an hour before."""
    [owner] = await rows("SELECT tenant_id FROM webhook_endpoints WHERE id = :id", id=endpoint)
    begun = finished - timedelta(hours=1)
    days = 2 if kind is RunKind.HOURLY else 30
    known = {"endpoint_id": endpoint, "gateway": "hotmart", "kind": kind, "actor": "test", "created_at": begun}
    found = {"since": begun - days * _DAY, "until": begun, "state": RunState.DONE, "differences": 0}
    given: dict[str, Any] = {**owner, **known, **found, **more}
    async with transaction() as session:
        session.add(ReconciliationRun(finished_at=finished, **given))


async def told(settings: Settings, now: datetime) -> list[tuple[str, dict[str, float]]]:
    """State and facts of every alert there ever was, as they are ``now``."""
    await evaluated(now, settings)
    return [(row["state"], row["facts"]) for row in await rows(_ALERTS)]


async def test_a_daily_round_that_failed_or_differs_is_told_once_until_one_is_good(
    database: Settings, endpoint: UUID
) -> None:
    limit = {"limit_differing": 1}
    await ran(endpoint, _NOON - _DAY)
    assert await told(database, _NOON) == []
    await ran(endpoint, _NOON, **_FAILED)
    for minutes in (6, 12):
        unread = {"unread_minutes": 24 * 60 + minutes, **limit}
        assert await told(database, _NOON + timedelta(minutes=minutes)) == [("open", unread)]
    [alert] = await rows(_ALERTS)
    assert (alert["objective"], alert["severity"], alert["openings"]) == ("not_reconciled", "ticket", 1)
    assert alert["scope"] == str(endpoint)
    # Today's last two days were read, and yesterday by hand: of the thirty that says nothing.
    await ran(endpoint, _NOON + timedelta(minutes=15), RunKind.HOURLY)
    await ran(endpoint, _NOON + timedelta(minutes=16), RunKind.ASKED, since=_NOON - _DAY)
    assert [state for state, _ in await told(database, _NOON + timedelta(minutes=18))] == ["open"]
    await ran(endpoint, _NOON + _DAY, differences=3)
    differing = {"differing": 3, **limit}
    assert await told(database, _NOON + _DAY + timedelta(minutes=6)) == [("open", differing)]
    await ran(endpoint, _NOON + 2 * _DAY)
    assert await told(database, _NOON + 2 * _DAY + timedelta(minutes=6)) == [("recovered", differing)]


async def test_the_same_days_read_again_by_hand_end_it(database: Settings, endpoint: UUID) -> None:
    await ran(endpoint, _NOON, differences=2)
    assert [state for state, _ in await told(database, _NOON)] == ["open"]
    again = _NOON + timedelta(minutes=30)
    await ran(endpoint, again, RunKind.ASKED, since=_NOON - 31 * _DAY, until=again)
    assert [state for state, _ in await told(database, again)] == ["recovered"]


@pytest.mark.parametrize(
    "quiet",
    [
        "UPDATE reconciliation_runs SET state = 'reading', finished_at = NULL, attempts = 3,"
        " due_at = created_at + interval '2 hours'",
        "UPDATE webhook_endpoints SET disabled_at = created_at",
        "UPDATE tracking_configurations SET state = 'superseded'",
        "INSERT INTO objective_settings (id, tenant_id, objective, overrides, enabled, updated_by, updated_at)"
        " SELECT gen_random_uuid(), id, 'not_reconciled', '{}', false, 'test', created_at FROM tenants",
    ],
    ids=["being tried again", "endpoint off", "no credentials in use", "switched off"],
)
async def test_what_nobody_has_to_act_on_is_not_told(database: Settings, endpoint: UUID, quiet: str) -> None:
    await ran(endpoint, _NOON, **_FAILED)
    await rows(quiet)
    assert await told(database, _NOON) == []


async def test_a_shop_may_have_some_that_differ(database: Settings, endpoint: UUID) -> None:
    await rows(
        "INSERT INTO objective_settings (id, tenant_id, objective, overrides, enabled, updated_by, updated_at)"
        " SELECT gen_random_uuid(), id, 'not_reconciled', '{\"differing\": 5}', true, 'test', created_at FROM tenants"
    )
    await ran(endpoint, _NOON, differences=4)
    assert await told(database, _NOON) == []
    await ran(endpoint, _NOON + _DAY, differences=5)
    assert await told(database, _NOON + _DAY) == [("open", {"differing": 5, "limit_differing": 5})]
