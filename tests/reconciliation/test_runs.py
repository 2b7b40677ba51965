"""What vendors and workers do to a run: faults, limits, refusals, deaths, and two at once."""

import asyncio
from datetime import timedelta

import pytest

from evals.stack import wait_for
from tests.reconciliation.shop import CLIENT, ENDPOINTS, Shop, hours_ago
from tracking_core.db.engine import transaction
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.kit import clock
from tracking_core.reconciliation import ingest
from tracking_core.reconciliation.codes import ReconciliationCode
from tracking_core.reconciliation.drain import drain_run
from tracking_core.reconciliation.holding import LEASE_SECONDS, take
from tracking_core.reconciliation.retry_policy import ATTEMPTS_MAX, next_attempt
from tracking_core.reconciliation.schedule import due_runs, plan_rounds
from tracking_core.settings import get_settings
from tracking_core.worker.doorbell import Bell
from tracking_core.worker.sweeper import sweep

_HISTORY = "/payments/api/v1/sales/history"


async def planned(shop: Shop) -> list[str]:
    """The kinds of the runs that the scheduler makes now."""
    async with transaction() as session:
        made = await plan_rounds(session, clock.now(), get_settings())
    return sorted([(await shop.run(one)).kind for one in made])


async def test_a_page_that_fails_midway_is_read_again_from_there_by_whoever_comes(shop: Shop) -> None:
    for number in range(120):
        shop.vendors.sold("kiwify", f"HP{number}", at=hours_ago(3))
    run_id = await shop.asked("kiwify")
    before = shop.vendors.calls("/v1/sales")
    shop.vendors.fault("kiwify", "drop_after", "/v1/sales")
    assert not await shop.round(run_id)
    failed = await shop.run(run_id)
    assert (failed.state, failed.code, failed.attempts, failed.page) == ("reading", "gateway_unavailable", 1, None)
    assert failed.due_at > clock.now()

    # A worker takes it, reads one page and is killed: its lease is all that is left of it.
    await shop.change("UPDATE reconciliation_runs SET due_at = now()")
    shop.vendors.fault("kiwify", "slow", "/v1/sales", seconds=0.0)
    shop.vendors.fault("kiwify", "html", "/v1/sales")
    assert not await shop.round(run_id)
    halfway = await shop.run(run_id)
    assert (halfway.page, halfway.pages, halfway.found, halfway.code) == ("2", 1, 50, "gateway_unexpected_answer")
    await shop.change("UPDATE reconciliation_runs SET due_at = now()")
    assert await take(run_id) is not None
    assert not await shop.round(run_id)
    async with transaction() as session:
        assert await due_runs(session, clock.now()) == []
        later = clock.now() + timedelta(seconds=LEASE_SECONDS + 1)
        assert await due_runs(session, later) == [run_id]
    await shop.change("UPDATE reconciliation_runs SET lease_until = now()")

    done = await shop.read(run_id)
    assert (done.state, done.pages, done.found, done.recovered, done.differences) == ("done", 3, 120, 120, 0)
    assert shop.vendors.calls("/v1/sales") - before == 5


async def test_a_limit_is_waited_for_as_long_as_the_vendor_says(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1")
    run_id = await shop.asked("hotmart")
    shop.vendors.fault("hotmart", "throttled", _HISTORY, wait_seconds=97)
    started = clock.now()
    await shop.round(run_id)
    run = await shop.run(run_id)
    assert (run.state, run.code, run.attempts) == ("reading", "gateway_rate_limited", 0)
    assert run.due_at >= started + timedelta(seconds=97)
    calls = shop.vendors.calls("hotmart")
    assert not await shop.round(run_id)
    assert shop.vendors.calls("hotmart") == calls


async def test_refused_credentials_are_told_and_not_asked_again_within_the_day(shop: Shop) -> None:
    assert await planned(shop) == ["daily", "daily", "hourly", "hourly"]
    assert await planned(shop) == []  # another scheduler, or the next minute
    account = next(one for one in shop.vendors.state.accounts if (one.vendor, one.client_id) == ("kiwify", CLIENT))
    shop.vendors.state.register(account.model_copy(update={"client_secret": "another"}))
    kiwify = await shop.rows("SELECT id FROM reconciliation_runs WHERE gateway = 'kiwify' ORDER BY kind DESC, id")
    for row in kiwify:
        await shop.read(row["id"])
    runs = [await shop.run(row["id"]) for row in kiwify]
    assert [(run.state, run.code) for run in runs] == [("failed", "gateway_wrong_credentials")] * 2
    assert shop.vendors.calls("kiwify POST /v1/oauth/token") == 2
    assert shop.vendors.calls("/v1/sales") == 0

    # An hour later: Hotmart's round is due, Kiwify's credentials are known to be refused.
    await shop.change("UPDATE reconciliation_runs SET state = 'done', finished_at = now() WHERE gateway = 'hotmart'")
    await shop.change("UPDATE reconciliation_runs SET scheduled_for = scheduled_for - interval '1 hour'")
    again = await planned(shop)
    waiting = await shop.rows("SELECT gateway, kind FROM reconciliation_runs WHERE state = 'reading'")
    assert {"gateway": "kiwify", "kind": "hourly"} not in waiting
    assert {"gateway": "hotmart", "kind": "hourly"} in waiting
    assert "hourly" in again


async def test_a_credential_that_left_the_vault_ends_the_run_without_a_call(shop: Shop) -> None:
    run_id = await shop.asked("hotmart")
    await shop.change("UPDATE vault_secrets SET state = 'revoked', sealed = NULL")
    run = await shop.read(run_id)
    assert (run.state, run.code, shop.vendors.calls("hotmart")) == ("failed", "secret_unknown", 0)


async def test_of_two_runs_of_an_endpoint_one_waits_and_a_run_has_one_worker(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1")
    first, second = await shop.asked("hotmart"), await shop.asked("hotmart", days=1)
    shop.vendors.fault("hotmart", "slow", _HISTORY, seconds=0.3)
    reading = asyncio.create_task(shop.round(first))
    await asyncio.to_thread(wait_for, lambda: shop.vendors.calls(_HISTORY) > 0)
    assert not await shop.round(first)
    assert not await shop.round(second)
    assert (await shop.run(second)).pages == 0
    assert await reading
    await shop.change("UPDATE reconciliation_runs SET due_at = now()")
    await shop.pipeline.process()
    runs = [await shop.read(first), await shop.read(second)]
    assert [(run.state, run.found, run.missing) for run in runs] == [("done", 1, 1), ("done", 1, 0)]
    assert (await shop.sale("HP1"))["deliveries"] == 1


async def test_a_webhook_still_on_its_way_is_waited_for(shop: Shop) -> None:
    shop.vendors.sold("hotmart", "HP1", at=hours_ago(0.2))  # paid nine minutes ago
    patient = get_settings().model_copy(update={"reconciliation_grace_minutes": 15})
    run_id = await shop.asked("hotmart")
    assert await drain_run(run_id, settings=patient, on_news=lambda: None)
    assert await shop.rows("SELECT id FROM received_webhooks") == []
    assert (await shop.reconciled("hotmart")).missing == 1

    await shop.change("UPDATE webhook_endpoints SET created_at = now() - interval '5 minutes'")
    async with transaction() as session:
        assert await plan_rounds(session, clock.now(), patient) == []


async def test_what_breaks_on_our_side_waits_before_the_vendor_is_asked_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(ingest, "read_item", broken)
    shop.vendors.sold("hotmart", "HP1")
    run_id = await shop.asked("hotmart")
    assert not await shop.round(run_id)
    run = await shop.run(run_id)
    assert (run.state, run.code, run.reason, run.pages) == ("reading", "reconciliation_broke", "KeyError", 0)
    assert run.due_at > clock.now()


async def test_the_sweeper_rings_for_a_run_that_is_due(shop: Shop) -> None:
    run_id = await shop.asked(ENDPOINTS[0])
    rung: list[tuple[Bell, str]] = []
    await sweep(lambda bell, key: rung.append((bell, key)))
    assert (Bell.RECONCILE, str(run_id)) in rung


def test_a_run_gives_up_in_the_end() -> None:
    now = clock.now()
    waits = [next_attempt(GatewayCode.UNAVAILABLE, number, now, now, None) for number in range(1, ATTEMPTS_MAX + 1)]
    assert waits[-1] == GatewayCode.UNAVAILABLE
    times = [one for one in waits if not isinstance(one, str)]
    assert times == sorted(times)
    assert len(times) == ATTEMPTS_MAX - 1
    yesterday = now - timedelta(days=1)
    assert next_attempt(GatewayCode.RATE_LIMITED, 0, yesterday, now, 60) == ReconciliationCode.TOO_LONG
    assert next_attempt(GatewayCode.WRONG_CREDENTIALS, 1, now, now, None) == GatewayCode.WRONG_CREDENTIALS
