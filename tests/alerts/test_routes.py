"""Alerts and objectives over HTTP and on the command line: one's own, within bounds, written down."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.routes.alerts import MAINTENANCE
from tests.alerts.day import rows
from tests.api.conftest import Tenant, new_tenant
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.handling import SILENCES_MOST
from tracking_core.alerts.lifecycle import apply
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.db.engine import dispose, transaction
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import Severity, StaffRole
from tracking_core.settings import Settings
from tracking_core.staff import service as staff

OPERATIONS = "/api/v1/operations"


async def opened(tenant: Tenant | None, code: Code = Code.DEAD_LETTERS) -> None:
    severity = Severity.PAGE if code is Code.QUEUE_DELAY else Severity.TICKET
    finding = Finding(Key(tenant.id if tenant else None, code, ""), severity, {"died": 7})
    async with transaction() as session:
        await apply(session, set(), [finding], clock.now())


async def key_of(role: StaffRole) -> dict[str, str]:
    async with transaction() as session:
        made = await staff.create(session, f"Bia {role}", role, actor="test")
    return {"Authorization": f"Bearer {made.key}"}


async def test_a_tenant_sees_and_takes_its_own_alerts_alone(client: httpx.AsyncClient, tenant: Tenant) -> None:
    other = await new_tenant("Outra")
    for one in (tenant, other):
        await opened(one)
    await opened(None, Code.QUEUE_DELAY)
    listed = (await client.get("/api/v1/alerts?state=open", headers=tenant.bearer)).json()
    [alert] = listed["items"]
    assert (alert["objective"], alert["severity"], alert["facts"]) == ("dead_letters", "ticket", {"died": 7})
    assert alert["sentence"] == translate(OBJECTIVES[Code.DEAD_LETTERS].broken)
    taken = f"/api/v1/alerts/{alert['id']}/acknowledge"
    assert (await client.post(taken, headers=other.bearer)).status_code == 404
    assert (await client.post(taken, headers=tenant.bearer)).json()["acknowledged_by"] == "tenant_api"
    support = await key_of(StaffRole.SUPPORT)
    await opened(tenant, Code.CONNECTION_ON_HOLD)
    hold = (await client.get(f"{OPERATIONS}/alerts?objective=connection_on_hold", headers=support)).json()["items"][0]
    named = await client.post(f"{OPERATIONS}/alerts/{hold['id']}/acknowledge", headers=support)
    assert named.json()["acknowledged_by"] == "staff:Bia support"
    for path in ("alerts?objective=connection_on_hold", "objectives"):
        told = (await client.get(f"/api/v1/{path}", headers=tenant.bearer)).text
        assert ("Bia" in told, '"acknowledged_by":"support"' in told) == (False, True)
    everything = (await client.get(f"{OPERATIONS}/alerts?limit=2", headers=support)).json()
    rest = (await client.get(f"{OPERATIONS}/alerts?cursor={everything['next']}", headers=support)).json()
    assert len(everything["items"]) + len(rest["items"]) == 4
    assert (await client.get(f"{OPERATIONS}/alerts", headers=tenant.bearer)).status_code == 401


async def test_thresholds_are_set_within_bounds_and_written_down(client: httpx.AsyncClient, tenant: Tenant) -> None:
    path = "/api/v1/objectives/dead_letters"
    changed = await client.put(path, headers=tenant.bearer, json={"numbers": {"an_hour": 9}, "enabled": False})
    assert changed.json()["numbers"]["an_hour"] == {
        "value": 9,
        "default": 5,
        "least": 1,
        "most": 10_000,
        "is_whole": True,
    }
    back = (await client.put(path, headers=tenant.bearer, json={"numbers": {"an_hour": None}})).json()
    assert (back["numbers"]["an_hour"]["value"], back["is_enabled"]) == (5, False)
    audited = await rows("SELECT actor, details FROM audit_log WHERE action = 'objective.changed' ORDER BY id")
    assert [entry["details"] for entry in audited] == [
        {"an_hour": {"old": None, "new": 9}, "enabled": {"old": True, "new": False}},
        {"an_hour": {"old": 9, "new": None}},
    ]
    listed = (await client.get("/api/v1/objectives", headers=tenant.bearer)).json()["items"]
    assert [one["code"] for one in listed] == [one.code for one in OBJECTIVES.values() if one.is_of_tenants]
    assert listed[0]["budget"]["condition"] == "unknown"


async def test_what_is_no_threshold_of_theirs_is_refused(client: httpx.AsyncClient, tenant: Tenant) -> None:
    for code, numbers, problem in (
        ("sales_at_meta", {"target": 1}, ("numbers.target", "less_than_equal")),
        ("sales_at_meta", {"target": 0.5}, ("numbers.target", "greater_than_equal")),
        ("dead_letters", {"an_hour": 1.5}, ("numbers.an_hour", "int_from_float")),
        ("dead_letters", {"hourly": 1}, ("numbers.hourly", "extra_forbidden")),
        ("dead_letters", {"an_hour": "many"}, ("body.numbers.an_hour", "float_parsing")),
    ):
        answer = await client.put(f"/api/v1/objectives/{code}", headers=tenant.bearer, json={"numbers": numbers})
        assert answer.status_code == 422
        assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [problem]
    for code in ("queue_delay", "nothing"):
        answer = await client.put(f"/api/v1/objectives/{code}", headers=tenant.bearer, json={"enabled": False})
        assert answer.status_code == 404
    assert await rows("SELECT 1 FROM objective_settings") == []


async def test_an_operator_sets_the_hubs_own_and_silences_everything(client: httpx.AsyncClient, tenant: Tenant) -> None:
    operator, support = await key_of(StaffRole.OPERATOR), await key_of(StaffRole.SUPPORT)
    path = f"{OPERATIONS}/objectives/queue_delay"
    assert (await client.put(path, headers=support, json={"numbers": {"seconds": 60}})).status_code == 403
    assert (await client.put(path, headers=operator, json={"numbers": {"seconds": 60}})).status_code == 200
    whose = f"{OPERATIONS}/objectives/sales_at_meta?tenant_id={tenant.id}"
    changed = await client.put(whose, headers=operator, json={"numbers": {"target": 0.99}})
    assert changed.json()["budget"]["target"] == 0.99
    end = (clock.now() + timedelta(hours=1)).isoformat()
    made = await client.post(
        f"{OPERATIONS}/alert-silences", headers=operator, json={"ends_at": end, "reason": "moving"}
    )
    assert (made.status_code, made.json()["created_by"]) == (201, "staff:Bia operator")
    shown = (await client.get("/api/v1/alert-silences", headers=tenant.bearer)).json()["items"]
    assert [(one["reason"], one["created_by"]) for one in shown] == [(translate(MAINTENANCE), "support")]
    all_of_it = (await client.get(f"{OPERATIONS}/alert-silences", headers=support)).json()["items"]
    assert [(one["reason"], one["created_by"]) for one in all_of_it] == [("moving", "staff:Bia operator")]
    own = await client.post("/api/v1/alert-silences", headers=tenant.bearer, json={"ends_at": end, "reason": "ours"})
    assert [own.json()[name] for name in ("reason", "created_by")] == ["ours", "tenant_api"]
    assert (await client.delete(f"/api/v1/alert-silences/{own.json()['id']}", headers=tenant.bearer)).json()[
        "reason"
    ] == "ours"
    silence = made.json()["id"]
    assert (await client.delete(f"/api/v1/alert-silences/{silence}", headers=tenant.bearer)).status_code == 404
    assert (await client.delete(f"{OPERATIONS}/alert-silences/{silence}", headers=operator)).status_code == 200
    assert (await client.get("/api/v1/alert-silences", headers=tenant.bearer)).json()["items"] == []
    past = (clock.now() - timedelta(hours=1)).isoformat()
    wrong = await client.post("/api/v1/alert-silences", headers=tenant.bearer, json={"ends_at": past, "reason": "late"})
    assert wrong.json()["errors"][0]["field"] == "ends_at"


async def test_a_tenant_has_so_many_silences_and_no_more(client: httpx.AsyncClient, tenant: Tenant) -> None:
    now = clock.now()
    fill = (
        "INSERT INTO alert_silences (id, tenant_id, starts_at, ends_at, reason, created_by, created_at)"
        " SELECT gen_random_uuid(), :tenant, :now, :until, 'moving', 'test', :now FROM generate_series(1, :n)"
    )
    await rows(fill, tenant=tenant.id, now=now, until=now + timedelta(hours=1), n=SILENCES_MOST - 1)
    await rows(fill, tenant=tenant.id, now=now - timedelta(days=1), until=now, n=1)  # over, and counts no more
    path, wanted = "/api/v1/alert-silences", {"ends_at": (now + timedelta(hours=1)).isoformat(), "reason": "last"}
    last = await client.post(path, headers=tenant.bearer, json=wanted)
    full = await client.post(path, headers=tenant.bearer, json=wanted)
    assert (last.status_code, full.status_code, full.json()["code"]) == (201, 409, "alert_silences_full")
    assert str(SILENCES_MOST) in full.json()["detail"]
    assert (await client.delete(f"{path}/{last.json()['id']}", headers=tenant.bearer)).status_code == 200
    for headers in (tenant.bearer, (await new_tenant("Outra")).bearer):
        assert (await client.post(path, headers=headers, json=wanted)).status_code == 201


async def test_a_monitor_outside_is_told_by_the_exit_code(client: httpx.AsyncClient, tenant: Tenant) -> None:
    await opened(tenant)
    await dispose()
    assert run("check", "--json").exit_code == 2  # nobody ever evaluated
    await rows("INSERT INTO alert_progress (name, at) VALUES ('evaluated', :at)", at=clock.now())
    await dispose()
    checked = run("check", "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["objective"]) == (0, "dead_letters")
    await opened(None, Code.QUEUE_DELAY)
    await dispose()
    assert run("check").exit_code == 1
    assert "queue_delay" in run("list").stdout
    silenced = run("silence", "--hours", "2", "--reason", "moving", "--objective", "queue_delay")
    assert json.loads(silenced.stdout)["objective"] == "queue_delay"


def test_a_monitor_that_cannot_ask_does_not_say_that_a_page_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("postgresql+psycopg://nobody@127.0.0.1:1/hub", ""):
        settings = Settings(_env_file=None, database_url=address)
        for reader in ("tracking_core.db.engine", "api.cli.run"):
            monkeypatch.setattr(f"{reader}.get_settings", lambda settings=settings: settings)
        asked = run("check")
        assert (asked.exit_code, asked.stderr.count("\n"), asked.stderr[:5]) == (2, 1, "hub: ")


def run(*arguments: str) -> Any:
    """In a loop of its own, as a command has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(CliRunner().invoke, app, ["alerts", *arguments]).result()
