"""``hub doctor`` as cron runs it: what it prints, and its exit code."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from api.cli import app
from evals.simulators.meta.faults import Fault, FaultKind
from tests.doctor.shop import DATASET, SECRET, TOKEN, Providers, Shop, open_shop
from tracking_core.db.engine import dispose
from tracking_core.errors import NotFound

BREAK = "UPDATE tenants SET wrapped_data_key = '\\x00' WHERE id = :tenant"


def _ran(work: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        try:
            return await work()
        finally:
            await dispose()

    return asyncio.run(run())


@pytest.fixture
def shop(providers: Providers) -> Shop:
    made: Shop = _ran(lambda: open_shop(providers))
    return made


def doctor(*options: str) -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and what it says of each thing looked at."""
    ran = CliRunner().invoke(app, ["doctor", "--json", *options], catch_exceptions=False)
    assert not any(secret in ran.output for secret in (TOKEN, SECRET))
    return ran.exit_code, [json.loads(line) for line in ran.stdout.splitlines()]


def test_all_is_well(shop: Shop) -> None:
    code, said = doctor()
    assert (code, {one["is_healthy"] for one in said}) == (0, {True})
    assert {one["tenant_id"] for one in said} == {str(shop.tenant_id)}


def test_what_a_seller_has_to_mend_is_exit_1_with_what_to_do(shop: Shop, providers: Providers) -> None:
    providers.token(is_expired=True)
    code, said = doctor("--english")
    assert code == 1
    [broken] = [one for one in said if one["is_broken"]]
    assert (broken["subject"], broken["code"]) == (f"meta:{DATASET}", "meta_token_expired")
    assert DATASET in broken["recommendation"]


def test_an_outage_of_a_provider_is_shown_and_no_reason_to_wake_anybody(shop: Shop, providers: Providers) -> None:
    providers.meta.faults.add(Fault(kind=FaultKind.DEAD))
    code, said = doctor()
    assert code == 0
    assert [one["code"] for one in said if not one["is_healthy"]] == ["meta_unavailable"]


def test_a_broken_tenant_is_exit_1_and_its_neighbour_is_examined_all_the_same(shop: Shop, providers: Providers) -> None:
    neighbour: Shop = _ran(lambda: open_shop(providers))
    _ran(lambda: shop.change(BREAK))
    code, said = doctor()
    assert code == 1
    assert "doctor_failed" in {one["code"] for one in said if one["tenant_id"] == str(shop.tenant_id)}
    theirs = [one for one in said if one["tenant_id"] == str(neighbour.tenant_id)]
    assert (len(theirs), {one["is_healthy"] for one in theirs}) == (4, {True})


def test_one_tenant_may_be_asked_for_alone(shop: Shop, providers: Providers) -> None:
    neighbour: Shop = _ran(lambda: open_shop(providers))
    _ran(lambda: shop.change(BREAK))
    code, said = doctor("--tenant", str(neighbour.tenant_id))
    assert (code, {one["tenant_id"] for one in said}) == (0, {str(neighbour.tenant_id)})
    with pytest.raises(NotFound):  # a wrong id in a crontab must not look like health
        doctor("--tenant", str(uuid4()))


def test_for_people_each_finding_is_a_line_with_its_sentence(shop: Shop, providers: Providers) -> None:
    providers.page(script="")
    ran = CliRunner().invoke(app, ["doctor", "--english"], catch_exceptions=False)
    assert ran.exit_code == 1
    assert "✗" in ran.stdout
    assert "The tracking script was not found on the page." in ran.stdout
    assert ran.stdout.count("✓") == 3
