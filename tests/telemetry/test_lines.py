"""Lines of real work, without a receiver of traces: whose it was, and which lines belong together."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import select

from api.app import create_app
from tests.isolation.conftest import browser
from tests.pipeline.conftest import Shop
from tests.privacy.planted import approved, planned
from tests.replays.letters import bury
from tests.reporting.conftest import ANA, BETO, open_shop
from tracking_core.alerts.evaluate import run as evaluate_alerts
from tracking_core.db.engine import transaction
from tracking_core.delivery import plan as delivery_plan
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.logging import configure_logging, lines_apart
from tracking_core.models import ReconciliationRun, RunKind, RunState, WebhookEndpoint
from tracking_core.privacy import erase
from tracking_core.settings import Settings
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.main import Worker
from tracking_core.worker.scheduler import Job, _round

Line = dict[str, Any]


@pytest.fixture
async def shops(database: Settings) -> tuple[Shop, Shop]:
    configure_logging("INFO")
    return await open_shop(database, ANA, "1000000001"), await open_shop(database, BETO, "2000000002")


async def test_what_a_worker_does_for_a_tenant_says_whose_it_is_and_each_batch_has_a_trace(
    shops: tuple[Shop, Shop], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ana, beto = shops
    with lines_apart():  # as requests of their own
        for shop in shops:
            await shop.webhook("HP1")
    unread, compared = await _run(ana, RunState.READING), await _run(beto, RunState.COMPARING)
    erasing = await approved(ana, await planned(ana, "email", "ninguem@example.com"))
    monkeypatch.setattr(delivery_plan, "plan", _broken)
    monkeypatch.setattr(erase, "apply", _broken)
    worker = Worker(ana.settings)
    worker.wake(Bell.PROCESS_SALES, "")
    worker.wake(Bell.PRIVACY, str(erasing.id))
    for run in (unread, compared):
        worker.wake(Bell.RECONCILE, str(run.id))
    await worker.close()
    lines = _lines(capsys.readouterr().out)
    together, *alone = [line for line in lines if line["event"] == "sales_batch_failed"]
    assert "tenant_id" not in together
    assert {line["tenant_id"] for line in alone} == {str(shop.tenant_id) for shop in shops}
    stopped, done = [line for line in lines if line["event"] in ("reconciliation_stopped", "reconciliation_done")]
    assert {stopped["tenant_id"], done["tenant_id"]} == {str(ana.tenant_id), str(beto.tenant_id)}
    [step] = [line for line in lines if line["event"] == "privacy_step_failed"]
    [failed] = [line for line in lines if line["event"] == "round_failed"]
    assert (step["tenant_id"], failed["tenant_id"]) == (str(ana.tenant_id), str(ana.tenant_id))
    assert (failed["work"], failed["trace_id"]) == ("erasures", step["trace_id"])
    traces = [line["trace_id"] for line in (together, *alone, stopped, done, step)]
    assert len(set(traces)) == len(traces)


async def test_an_alert_and_a_forged_webhook_say_whose_they_are(
    shops: tuple[Shop, Shop], capsys: pytest.CaptureFixture[str]
) -> None:
    ana, beto = shops
    await bury(beto, 7)
    await _round(Job("evaluate_alerts", 60, lambda: evaluate_alerts(beto.settings)))
    app: FastAPI = create_app(ana.settings)
    async with app.router.lifespan_context(app), browser(app) as gateway:
        answer = await gateway.post(f"/webhooks/hotmart?tenant_id={ana.tenant_id}", content=b"{}")
    assert answer.status_code == 401
    lines = {line["event"]: line for line in _lines(capsys.readouterr().out)}
    alert, forged = lines["alert"], lines["webhook_forged"]
    assert (alert["objective"], alert["tenant_id"]) == ("dead_letters", str(beto.tenant_id))
    assert forged["tenant_id"] == str(ana.tenant_id)
    assert len({alert["trace_id"], forged["trace_id"]}) == 2


async def _broken(*_: object, **__: object) -> None:
    raise ValueError


async def _run(shop: Shop, state: RunState) -> ReconciliationRun:
    """A reading of a list that the hub has no credentials for, or that was read and found empty."""
    now = clock.now()
    async with transaction() as session:
        of_shop = select(WebhookEndpoint).where(
            WebhookEndpoint.tenant_id == shop.tenant_id, WebhookEndpoint.gateway == "hotmart"
        )
        endpoint = (await session.scalars(of_shop)).one()
        run = ReconciliationRun(
            id=new_id(), tenant_id=shop.tenant_id, endpoint_id=endpoint.id, gateway="hotmart", kind=RunKind.ASKED,
            actor="test", since=now - timedelta(days=2), until=now, state=state, due_at=now,
        )  # fmt: skip
        session.add(run)
    return run


def _lines(out: str) -> list[Line]:
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]
