"""From a signed webhook to Meta's answer, on a real database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from tests.pipeline.conftest import SECRET, Shop
from tracking_core.collector.accept import Visitor, accept
from tracking_core.collector.schema import TrackRequest
from tracking_core.collector.writer import GroupWriter
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.ledger import read as ledger
from tracking_core.models import TrackingKind
from tracking_core.tenants import service as tenants
from tracking_core.webhooks.receive import receive


def verdict(failure: FailureClass, code: int = 1, *, ambiguous: bool = False, subcode: int | None = None) -> Verdict:
    return Verdict(
        failure=failure,
        code=code,
        subcode=subcode,
        fbtrace_id=None,
        message="",
        is_ambiguous=ambiguous,
        retry_after_seconds=None,
    )


async def track(shop: Shop, kind: TrackingKind = TrackingKind.CLICK, **fields: Any) -> dict[str, str]:
    event = TrackRequest.model_validate({"url": "https://loja.example/curso", **fields})
    accepted = accept(
        kind,
        event,
        tenant_id=shop.tenant_id,
        country="BR",
        visitor=Visitor("200.147.3.199", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"),
        now=clock.now(),
    )
    writer = GroupWriter(shop.settings)
    writer.start()
    await writer.write(accepted)
    await writer.stop()
    return accepted.answer


async def rows(query: str, **values: object) -> list[dict[str, Any]]:
    async with transaction() as session:
        return [dict(row) for row in (await session.execute(text(query), values)).mappings()]


async def totals(shop: Shop) -> dict[str, int]:
    async with transaction() as session:
        return {state: n for state, n in (await ledger.totals(session, shop.tenant_id)).items() if n}


def later(**delta: float) -> None:
    moment = clock.now() + timedelta(**delta)
    clock.set_source(lambda: moment)


async def test_a_paid_sale_matched_to_its_click_reaches_meta_once_with_what_the_browser_knew(shop: Shop) -> None:
    click = await track(shop, fbclid="IwAR_CaseSensitive-1", consent_ads=True)
    await shop.webhook("HP100", click_id=click["click_id"])
    await shop.process()
    await shop.deliver()
    [payload] = shop.meta.payloads.values()
    assert payload["event_name"] == "Purchase"
    assert payload["user_data"]["fbc"].endswith(".IwAR_CaseSensitive-1")  # type: ignore[index]
    assert payload["user_data"]["client_user_agent"].startswith("Mozilla")  # type: ignore[index]
    assert payload["custom_data"]["value"] == 197.0  # type: ignore[index]
    assert await totals(shop) == {"delivered": 1}
    [match] = await rows("SELECT rule, click_id FROM matches")
    assert match == {"rule": "click_id", "click_id": click["click_id"]}


async def test_replaying_every_webhook_event_and_delivery_sends_nothing_twice(shop: Shop) -> None:
    moment = clock.now() - timedelta(minutes=5)
    for _ in range(3):
        await shop.webhook("HP200", occurred_at=moment)
        await shop.webhook("HP200", "completed", occurred_at=moment + timedelta(minutes=1))
        await shop.process()
        await shop.deliver()
    assert len(shop.meta.accepted) == 1
    assert await totals(shop) == {"delivered": 1}


async def test_states_only_move_forward_whatever_the_order_of_arrival(shop: Shop) -> None:
    await shop.webhook("HP300", "approved")
    await shop.webhook("HP300", "pending", occurred_at=clock.now() - timedelta(hours=3))
    await shop.process()
    [sale] = await rows("SELECT status FROM conversions")
    assert sale["status"] == "approved"
    outcomes = await rows("SELECT reason FROM received_webhooks ORDER BY reason")
    assert [row["reason"] for row in outcomes] == ["advanced", "outdated"]


async def test_a_sale_refunded_before_it_was_sent_is_withheld(shop: Shop) -> None:
    await shop.webhook("HP400", "approved")
    await shop.process()
    await shop.webhook("HP400", "refunded")
    await shop.process()
    await shop.deliver()
    assert shop.meta.requests == []
    assert await totals(shop) == {"withheld": 1}


async def test_the_same_sale_through_a_second_endpoint_is_a_duplicate(shop: Shop) -> None:
    await shop.webhook("HP500")
    await shop.process()
    async with transaction() as session:
        await tenants.connect_gateway(session, shop.tenant_id, "hotmart", "webhook-secret-of-the-test", actor="test")
    await shop.webhook("HP500", occurred_at=clock.now() - timedelta(minutes=2))
    await shop.process()
    await shop.deliver()
    assert len(shop.meta.accepted) == 1
    assert await totals(shop) == {"delivered": 1, "duplicate": 1}


async def test_a_refusal_of_consent_withholds_at_planning_and_at_sending(shop: Shop) -> None:
    refused = await track(shop, click_id="refused-click", consent_ads=False)
    await shop.webhook("HP600", click_id=refused["click_id"], email="a@example.com", phone="+5511987650001")
    await shop.process()
    assert await totals(shop) == {"withheld": 1}
    asked = await track(shop, click_id="asked-click", consent_ads=True)
    await shop.webhook("HP601", click_id=asked["click_id"], email="b@example.com", phone="+5511987650002")
    await shop.process()
    await track(shop, TrackingKind.CONSENT, click_id="asked-click", consent_ads=False)
    await shop.deliver()
    assert shop.meta.requests == []
    assert await totals(shop) == {"withheld": 2}
    reasons = await rows("SELECT decision_reason AS reason FROM conversions UNION SELECT reason FROM deliveries")
    assert {row["reason"] for row in reasons} == {"consent_refused", None}


async def test_one_bad_event_in_a_batch_dies_alone_and_can_be_replayed(shop: Shop) -> None:
    for number in range(9):
        await shop.webhook(f"HP7{number:02}", email=f"buyer{number}@example.com", phone=f"+551198765{number:04}")
    await shop.process()
    [poison] = await rows("SELECT event_id FROM conversions WHERE sale_id = 'HP704'")
    bad = str(poison["event_id"])
    shop.meta.script = lambda ids: verdict(FailureClass.PAYLOAD, 100, subcode=2804050) if bad in ids else None
    await shop.deliver()
    assert len(shop.meta.accepted) == len(set(shop.meta.accepted)) == 8
    assert await totals(shop) == {"delivered": 8, "dead": 1}
    [dead] = await rows("SELECT reason FROM deliveries WHERE state = 'dead'")
    assert dead["reason"] == "payload:100/2804050"
    shop.meta.script = lambda _ids: None
    async with transaction() as session:
        done = await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())
    assert (done.replayed, done.too_late) == (1, 0)
    await shop.deliver()
    assert await totals(shop) == {"delivered": 9}


async def test_a_bad_token_holds_the_connection_without_spending_attempts_and_a_new_one_drains_it(shop: Shop) -> None:
    await shop.webhook("HP800")
    await shop.process()
    shop.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190, subcode=463)
    await shop.deliver()
    await shop.deliver()
    assert len(shop.meta.requests) == 1
    assert await totals(shop) == {"on_hold": 1}
    assert await rows("SELECT attempts FROM deliveries") == [{"attempts": 0}]
    shop.meta.script = lambda _ids: None
    async with transaction() as session:
        await tenants.connect_meta(session, shop.tenant_id, "1234567890", "EAAnew", actor="test")
    await shop.deliver()
    assert await totals(shop) == {"delivered": 1}


async def give_app_secret(shop: Shop) -> None:
    async with transaction() as session:
        await tenants.connect_meta(
            session, shop.tenant_id, "1234567890", "EAAtesttoken", actor="test", app_secret="app-secret"
        )


async def test_a_wrong_app_secret_holds_the_connection_instead_of_costing_a_whole_batch(shop: Shop) -> None:
    await give_app_secret(shop)
    for number in range(3):
        await shop.webhook(f"HPSECRET{number}")
    await shop.process()
    shop.meta.script = lambda _ids: verdict(FailureClass.PAYLOAD, 100)
    await shop.deliver()
    assert [len(ids) for ids in shop.meta.requests] == [3, 1]  # the batch, and one empty event to tell why
    assert await rows("SELECT state, attempts FROM deliveries") == [{"state": "waiting", "attempts": 0}] * 3
    [connection] = await rows("SELECT state, hold_code FROM meta_connections")
    assert connection == {"state": "on_hold", "hold_code": "credential:100"}


async def test_with_a_good_app_secret_a_bad_event_still_dies_alone(shop: Shop) -> None:
    await give_app_secret(shop)
    for number in range(2):
        await shop.webhook(f"HPSECRET{number}")
    await shop.process()
    [bad] = [str(row["event_id"]) for row in await rows("SELECT event_id FROM conversions WHERE sale_id = 'HPSECRET1'")]

    def answer(ids: list[str]) -> Verdict | None:
        if ids == [""]:
            return verdict(FailureClass.PAYLOAD, 100, subcode=2804019)
        return verdict(FailureClass.PAYLOAD, 100) if bad in ids else None

    shop.meta.script = answer
    await shop.deliver()
    assert await rows("SELECT state, count(*) AS n FROM deliveries GROUP BY state ORDER BY state") == [
        {"state": "dead", "n": 1},
        {"state": "delivered", "n": 1},
    ]


async def test_transient_failures_are_retried_later_with_the_same_id_until_accepted(shop: Shop) -> None:
    await shop.webhook("HP900")
    await shop.process()
    shop.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2)
    await shop.deliver()
    await shop.deliver()
    assert len(shop.meta.requests) == 1
    assert await totals(shop) == {"retrying": 1}
    later(hours=1)
    shop.meta.script = lambda _ids: None
    await shop.deliver()
    assert await totals(shop) == {"delivered": 1}
    assert shop.meta.requests[0] == shop.meta.requests[1]


async def test_after_an_ambiguous_attempt_nothing_is_resent_past_the_dedupe_window(shop: Shop) -> None:
    await shop.webhook("HP950")
    await shop.process()
    shop.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2, ambiguous=True)
    await shop.deliver()
    later(hours=49)
    await shop.deliver()
    assert len(shop.meta.requests) == 1
    [dead] = await rows("SELECT state, reason FROM deliveries")
    assert dead == {"state": "dead", "reason": "deadline_passed"}


async def test_a_worker_lost_in_mid_send_leaves_an_ambiguous_attempt_and_the_same_id_is_sent_again(shop: Shop) -> None:
    await shop.webhook("HP960")
    await shop.process()

    def die(_ids: list[str]) -> Verdict | None:
        raise SystemError

    shop.meta.script = die
    with pytest.raises(ExceptionGroup):
        await shop.deliver()
    shop.meta.script = lambda _ids: None
    later(minutes=2)
    await shop.deliver()
    assert shop.meta.requests[0] == shop.meta.requests[1]
    outcomes = await rows("SELECT outcome, ambiguous FROM dispatch_attempts ORDER BY started_at")
    assert outcomes == [{"outcome": "worker_lost", "ambiguous": True}, {"outcome": "accepted", "ambiguous": False}]


async def test_a_click_that_comes_after_the_sale_still_matches_within_the_grace(shop: Shop) -> None:
    await shop.webhook("HP970", click_id="hLATEclick000000000001")
    await shop.process()
    assert await shop.deliver() == 0
    await track(shop, click_id="hLATEclick000000000001", fbclid="late-fbclid")
    later(seconds=shop.settings.late_click_grace_seconds + 1)
    await shop.process()
    await shop.deliver()
    [payload] = shop.meta.payloads.values()
    assert payload["user_data"]["fbc"].endswith(".late-fbclid")  # type: ignore[index]


async def test_a_sale_without_any_match_is_sent_with_the_buyers_own_data(shop: Shop) -> None:
    await shop.webhook("HP980")
    await shop.process()
    await shop.deliver()
    [payload] = shop.meta.payloads.values()
    assert {"em", "ph"} <= set(payload["user_data"])  # type: ignore[call-overload]


async def test_the_event_id_is_the_same_for_the_same_sale_on_any_machine(shop: Shop) -> None:
    from tracking_core.pipeline.conversions import event_id_of

    tenant = UUID("00000000-0000-7000-8000-000000000001")
    assert str(event_id_of(tenant, "hotmart", "HP1", "Purchase")) == "dcb24309-1be6-54a9-a2d0-c8d639be9585"


async def test_a_sale_first_heard_of_when_it_is_complete_is_as_old_as_its_payment(shop: Shop) -> None:
    paid = clock.now() - timedelta(days=25)
    sale = SyntheticSale(sale_id="HP990", kind="completed", occurred_at=clock.now())
    inbound = registry.get("hotmart").synthesize(sale, SECRET)
    body = orjson.loads(inbound.body)
    body["data"]["purchase"]["approved_date"] = round(paid.timestamp() * 1000)
    async with transaction() as session:
        await receive(session, "hotmart", replace(inbound, body=orjson.dumps(body)), tenant_id=shop.tenant_id)
    await shop.process()
    assert await rows("SELECT decision_reason AS reason FROM conversions") == [{"reason": "older_than_7_days"}]


async def test_a_visit_after_the_payment_is_not_what_led_to_it(shop: Shop) -> None:
    before = await track(shop, email="ana@example.com")
    later(hours=1)
    paid = clock.now()
    later(hours=5)
    await track(shop, email="ana@example.com")
    await shop.webhook("HP995", occurred_at=paid, email="ana@example.com")
    await shop.process()
    assert await rows("SELECT click_id FROM matches") == [{"click_id": before["click_id"]}]


@pytest.mark.parametrize("undone", ["refunded", "chargeback"])
async def test_a_refund_through_another_endpoint_undoes_the_sale_of_the_first(shop: Shop, undone: str) -> None:
    await shop.webhook("HP996")
    await shop.process()
    async with transaction() as session:
        await tenants.connect_gateway(session, shop.tenant_id, "hotmart", SECRET, actor="test")
    await shop.webhook("HP996", undone)
    await shop.webhook("HP997", undone)
    await shop.process()
    await shop.deliver()
    assert shop.meta.requests == []
    told = await rows("SELECT sale_id, status, decision FROM conversions ORDER BY created_at, sale_id")
    assert told == [
        {"sale_id": "HP996", "status": undone, "decision": "planned"},
        {"sale_id": "HP996", "status": undone, "decision": "duplicate"},
        {"sale_id": "HP997", "status": undone, "decision": "withheld"},
    ]
    assert await totals(shop) == {"withheld": 2, "duplicate": 1}
