"""A person who stands in every table is found before and nowhere after; what stays says nothing about who it was."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from tests.pipeline.conftest import SECRET, Shop
from tests.pipeline.test_sales import later, rows, totals, track, verdict
from tests.privacy.planted import (
    CLICK,
    DOCUMENT,
    EMAIL,
    OTHER,
    PHONE,
    SALE,
    Planted,
    approved,
    erased,
    planned,
    plant,
    read,
)
from tracking_core.db.engine import transaction
from tracking_core.delivery.drain import send_parts
from tracking_core.delivery.lease import lease
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.models import PrivacyState, Tenant, TrackingKind
from tracking_core.privacy import catalogue, erase, verify
from tracking_core.privacy.closure import locate
from tracking_core.privacy.errors import PlanChanged
from tracking_core.privacy.identifiers import identifier
from tracking_core.privacy.registry import COLUMNS
from tracking_core.privacy.seller_steps import SELLER_STEPS
from tracking_core.privacy.service import expire
from tracking_core.privacy.steps import STEPS
from tracking_core.privacy.verify import Searched
from tracking_core.webhooks.receive import receive

ROOT = Path(__file__).parents[2]
_KILLED = """
import asyncio, os, signal, sys
from uuid import UUID
from tracking_core.privacy import erase
from tracking_core.settings import get_settings
erase.CHUNK = 4
async def main() -> None:
    async for _ in erase.drain_request(UUID(sys.argv[1]), get_settings()):
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def searched(shop: Shop, kind: str, value: str) -> Searched:
    async with transaction() as session:
        tenant = await session.get_one(Tenant, shop.tenant_id)
        person = await locate(session, tenant, identifier(kind, value))
        return await verify.search(session, tenant, person)


async def test_every_column_of_every_table_has_its_place_in_the_registry(planted: Planted) -> None:
    async with transaction() as session:
        tables = {table.name.removeprefix("public."): set(table.columns) for table in await catalogue.tables(session)}
    assert "agent.checkpoints" in tables
    assert {name: columns - set(COLUMNS[name].all) for name, columns in tables.items() if name in COLUMNS} == {
        name: set() for name in tables
    }, "give the new columns their place in tracking_core/privacy/registry.py"
    for name, columns in COLUMNS.items():
        assert len(columns.all) == len(set(columns.all)), f"a column of {name} has two places"
        assert set(columns.all) == tables[name], f"{name} has no such columns any more"


def test_what_a_step_sets_is_what_the_registry_says() -> None:
    changed: dict[str, set[str]] = {}
    for step in (*STEPS, *SELLER_STEPS):
        changed.setdefault(step.table, set()).update(step.sets)
    for name, columns in COLUMNS.items():
        may = columns.group("erased") | columns.group("texts") | columns.group("sealed")
        assert changed.get(name, set()) <= may, name
        assert columns.group("erased") <= changed.get(name, set()), name
        if columns.group("gone"):
            assert any(step.table == name and not step.sets for step in (*STEPS, *SELLER_STEPS)), name


async def test_a_person_in_every_table_is_found_before_and_nowhere_after(planted: Planted, beto: Shop) -> None:
    shop = planted.shop
    await plant(beto, with_account=False)
    money = await rows(
        "SELECT count(*) AS n, sum(amount) AS total FROM conversions WHERE tenant_id = :t", t=shop.tenant_id
    )
    counted = await totals(shop)
    before = await searched(shop, "email", EMAIL)
    assert len({find.table for find in before.found}) >= 12
    assert {"public.received_webhooks", "public.setup_sessions"} <= {find.table for find in before.found}

    plan = await planned(shop, "email", EMAIL)
    meanwhile = [find for find in (await searched(shop, "email", EMAIL)).found if "privacy" not in find.table]
    assert meanwhile == before.found  # a plan changes nothing
    elsewhere = (await searched(beto, "email", EMAIL)).found
    await approved(shop, plan)
    async for _ in erase.drain_request(plan.id, shop.settings):
        pass

    done = await read(plan.id)
    assert done.state == PrivacyState.DONE
    assert done.sealed is None
    assert done.receipt["searched"]["found"] == []
    assert done.receipt["searched"]["columns"] > 300
    for kind, value in (("email", EMAIL), ("phone", PHONE), ("order", SALE), ("click_id", CLICK)):
        assert (await searched(shop, kind, value)).found == [], kind
    assert EMAIL not in str(done.receipt) + str(done.plan)
    after = await rows(
        "SELECT count(*) AS n, sum(amount) AS total FROM conversions WHERE tenant_id = :t", t=shop.tenant_id
    )
    assert after == money
    assert sum((await totals(shop)).values()) == sum(counted.values())
    assert (await searched(beto, "email", EMAIL)).found == elsewhere
    # Somebody else of the same shop is as before.
    assert (await searched(shop, "email", OTHER)).found != []
    again = await erased(shop, "email", EMAIL)
    assert (again.state, again.plan["rows"], again.receipt["rows"]) == (PrivacyState.DONE, 0, 0)


async def test_each_identifier_leads_to_the_same_sales(planted: Planted) -> None:
    for kind, value in (("phone", PHONE), ("order", SALE), ("click_id", CLICK)):
        plan = await planned(planted.shop, kind, value)
        found = {item["step"]: item["rows"] for item in plan.plan["items"]}
        assert (found["sales"], found["events"], found["webhooks"], plan.plan["shared"]) == (3, 3, 3, 0), kind


async def test_a_document_is_found_by_what_the_gateway_said(ana: Shop) -> None:
    """Also when the same buyer came under another address."""
    for sale, email in (("HP-1", EMAIL), ("HP-2", OTHER)):
        await _with_document(ana, sale, email)
    await ana.webhook("HP-3", email="third@example.com", phone="+5521976543210")
    await ana.process()
    done = await erased(ana, "document", DOCUMENT)
    assert done.state == PrivacyState.DONE
    left = await rows("SELECT sale_id FROM conversions WHERE user_data <> '{}'")
    assert [row["sale_id"] for row in left] == ["HP-3"]
    assert len(await rows("SELECT id FROM received_webhooks WHERE octet_length(body) > 0")) == 1


async def _with_document(shop: Shop, sale_id: str, email: str) -> None:
    sale = SyntheticSale(sale_id=sale_id, kind="approved", occurred_at=clock.now(), email=email)
    made = registry.get("hotmart").synthesize(sale, SECRET)
    payload = orjson.loads(made.body)
    payload["data"]["buyer"]["document"] = DOCUMENT
    async with transaction() as session:
        await receive(session, "hotmart", replace(made, body=orjson.dumps(payload)), tenant_id=shop.tenant_id)


async def test_a_phone_of_a_family_and_a_link_that_was_passed_on_lead_to_nobody_else(ana: Shop) -> None:
    await track(ana, TrackingKind.CLICK, click_id=CLICK, session_id="sShared000001")
    await ana.webhook("HP-1", email=EMAIL, phone=PHONE, click_id=CLICK)
    await ana.webhook("HP-2", email=OTHER, phone=PHONE, click_id=CLICK)
    await ana.process()
    # Whoever asks by the click has the click erased, and the sales stay their buyers'.
    asked = await erased(ana, "click_id", CLICK)
    assert (asked.state, asked.plan["shared"]) == (PrivacyState.DONE, 1)  # the visit
    left = await rows("SELECT user_data ? 'em' AS known, facts ? 'carriers' AS told FROM conversions")
    assert [(row["known"], row["told"]) for row in left] == [(True, False)] * 2
    assert await rows("SELECT id FROM tracking_events") == []
    done = await erased(ana, "email", EMAIL)
    assert (done.state, done.plan["shared"]) == (PrivacyState.DONE, 1)  # the phone
    kept = await rows("SELECT sale_id, user_data ? 'em' AS known FROM conversions ORDER BY sale_id")
    assert [(row["sale_id"][:7], row["known"]) for row in kept] == [("HP-2", True), ("erased:", False)]


async def test_nothing_of_an_erased_person_is_sent_again(planted: Planted) -> None:
    """Waiting, leased by a worker that is sending at this moment, and dead."""
    shop = planted.shop
    shop.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050)
    await shop.webhook("HP-MARIA-DEAD", email=EMAIL)
    await shop.process()
    await shop.deliver()
    shop.meta.script, shop.meta.requests = lambda _ids: None, []
    await shop.webhook("HP-MARIA-LEASED", email=EMAIL)
    await shop.process()
    async with transaction() as session:
        in_hand = await lease(session, shop.connection_id, clock.now(), shop.settings)
    assert in_hand is not None
    await shop.webhook("HP-MARIA-WAITING", email=EMAIL)
    await shop.process()

    done = await erased(shop, "email", EMAIL)
    assert done.state == PrivacyState.DONE
    await send_parts(in_hand, client=shop.meta, settings=shop.settings)  # its request was under way and ends
    states = await rows("SELECT DISTINCT state, reason, lease_id FROM deliveries WHERE payload = CAST('{}' AS bytea)")
    assert {row["state"] for row in states if row["reason"]} == {"withheld"}
    assert {row["lease_id"] for row in states} == {None}
    assert (await searched(shop, "email", EMAIL)).found == []
    sent = len(shop.meta.requests)
    later(hours=1)
    async with transaction() as session:
        revived = await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    await shop.deliver()
    assert (revived.replayed, len(shop.meta.requests)) == (0, sent)


async def test_an_erasure_goes_on_after_its_worker_was_killed(planted: Planted) -> None:
    row = await approved(planted.shop, await planned(planted.shop, "email", EMAIL))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", _KILLED, str(row.id), env=environment)
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    halfway = await read(row.id)
    assert halfway.state == PrivacyState.RUNNING
    assert 0 < sum(rows for name, rows in halfway.progress.items() if name not in ("at", "changed")) < row.plan["rows"]
    async with transaction() as session:
        assert row.id in await erase.due_requests(session)
    async for _ in erase.drain_request(row.id, planted.shop.settings):
        pass
    done = await read(row.id)
    assert done.state == PrivacyState.DONE
    assert done.receipt["rows"] >= row.plan["rows"] - 2  # what was erased whole needs no mask any more


async def test_nobody_is_found_and_that_is_a_receipt_too(ana: Shop) -> None:
    done = await erased(ana, "email", "nobody@example.com")
    assert (done.state, done.receipt["erased"], done.receipt["rows"]) == (PrivacyState.DONE, [], 0)


async def test_a_plan_that_is_no_longer_so_is_not_carried_out_and_one_nobody_approved_ends(planted: Planted) -> None:
    plan = await planned(planted.shop, "email", EMAIL)
    await track(planted.shop, TrackingKind.PAGEVIEW, email=EMAIL)
    with pytest.raises(PlanChanged):
        await approved(planted.shop, plan)
    assert (await planned(planted.shop, "email", EMAIL)).id == plan.id  # planned anew, in the same request
    later(days=8)
    assert await expire(clock.now()) == 1
    ended = await read(plan.id)
    assert (ended.state, ended.sealed) == (PrivacyState.EXPIRED, None)


async def test_a_refusal_stays_as_a_hash_and_a_grant_goes(ana: Shop) -> None:
    await track(ana, TrackingKind.PAGEVIEW, email=EMAIL, consent_ads=False)
    done = await erased(ana, "email", EMAIL)
    assert done.state == PrivacyState.DONE
    assert [find["table"] for find in done.receipt["searched"]["hashes"]] == ["public.consents"]
    assert len(await rows("SELECT subject FROM consents")) > 0
    assert await rows("SELECT id FROM tracking_events") == []


async def test_a_new_table_cannot_hide_anybody(planted: Planted) -> None:
    async with transaction() as session:
        await session.execute(text("CREATE TABLE somebody_new (tenant_id uuid, note text, raw bytea)"))
        await session.execute(
            text("INSERT INTO somebody_new VALUES (:t, :note, convert_to(:note, 'UTF8'))"),
            {"t": planted.shop.tenant_id, "note": f"<{EMAIL.upper()}>"},
        )
        await session.execute(
            text("INSERT INTO somebody_new VALUES (:t, NULL, convert_to(:note, 'UTF8'))"),
            {"t": planted.shop.tenant_id, "note": EMAIL},
        )
    done = await erased(planted.shop, "email", EMAIL)
    assert (done.state, done.searches) == (PrivacyState.REMAINS, 3)  # and no more
    assert {(find["table"], find["column"]) for find in done.receipt["searched"]["found"]} == {
        ("public.somebody_new", "note"),
        ("public.somebody_new", "raw"),
    }
