"""What people see of retention: JSON for staff, a page for the operator, commands."""

import json

import pytest
from typer.testing import CliRunner

from api.cli import app as hub
from tests.pipeline.conftest import Shop
from tests.pipeline.test_sales import rows
from tests.reporting.conftest import sell
from tests.ui_operations.conftest import Enter, app, enter
from tests.ui_operations.people import Person
from tracking_core.db.engine import transaction
from tracking_core.models import Role, StaffRole
from tracking_core.retention.kinds import Kind
from tracking_core.retention.policy import POLICIES
from tracking_core.retention.run import run
from tracking_core.staff import service as staff

__all__ = ["app", "enter"]


@pytest.fixture
async def olga(shop: Shop, enter: Enter) -> Person:
    return await enter(Role.OPERATOR)


async def test_an_operator_sees_what_is_past_due_and_that_it_went(shop: Shop, olga: Person) -> None:
    await sell(shop, "HP1")
    await rows("UPDATE received_webhooks SET received_at = received_at - interval '91 days' RETURNING 1")
    async with transaction() as session:
        made = await staff.create(session, "Bia", StaffRole.SUPPORT, actor="test")
    key = {"Authorization": f"Bearer {made.key}"}
    before = (await olga.client.get("/api/v1/operations/retention", headers=key)).json()["kinds"]
    assert [one["kind"] for one in before] == list(POLICIES)
    assert {one["kind"]: one["past_due"] for one in before if one["past_due"]} == {"raw_webhooks": 1}
    page = await olga.get("/ops/retention")
    assert (page.status, "Raw webhooks" in page.text, "Not yet" in page.text) == (200, True, True)
    await run(Kind.RAW_WEBHOOKS, shop.settings)
    [after] = (await olga.client.get("/api/v1/operations/retention/runs", headers=key)).json()["items"]
    assert (after["kind"], after["days"], after["rows"], after["error"]) == ("raw_webhooks", 90, 1, None)
    assert (await olga.client.get("/api/v1/operations/retention")).status_code == 401


async def test_nobody_else_sees_the_page(shop: Shop, enter: Enter) -> None:
    for role in (Role.SELLER, Role.SUPPORT):
        assert (await (await enter(role, shop)).get("/ops/retention")).status == 403


def hub_says(*words: str) -> dict[str, list[dict[str, object]]]:
    said = CliRunner().invoke(hub, ["retention", *words, "--json"])
    assert said.exit_code == 0, said.output
    found: dict[str, list[dict[str, object]]] = json.loads(said.stdout)
    return found


def test_the_command_plans_runs_and_tells(settings: object) -> None:
    assert {one["past_due"] for one in hub_says("plan")["kinds"]} == {0}
    assert [one["kind"] for one in hub_says("run", "--kind", "audit_log")["runs"]] == ["audit_log"]
    assert [one["rows"] for one in hub_says("status", "--kind", "audit_log")["runs"]] == [0]
