"""Whoever withdraws after planning is not told to Meta: not what waits, is retried, is held or is replayed."""

from typing import Any

import pytest

from tests.pipeline.conftest import SECRET, ScriptedMeta, Shop
from tests.pipeline.test_browser_events import choose, plan
from tests.pipeline.test_sales import later, rows, track, verdict
from tracking_core.consent import withdrawal
from tracking_core.consent.recording import record_new
from tracking_core.consent.withdrawal import Entered
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay import ReplayFilter, replay
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.errors import InvalidRequest, ServiceUnavailable
from tracking_core.kit import clock
from tracking_core.models import ConsentSource, TrackingKind
from tracking_core.tenants import service as tenants

EMAIL = "ana@loja.example"


async def enter(shop: Shop, *, granted: bool = False, **who: str | None) -> Entered:
    named = withdrawal.named(**{"email": None, "phone": None, "click_id": None, "country": "BR", **who})  # type: ignore[arg-type]
    async with transaction() as session:
        return await withdrawal.enter(
            session,
            shop.tenant_id,
            named,
            granted=granted,
            source=ConsentSource.API,
            actor="test",
            now=clock.now(),
        )


async def second_shop(shop: Shop) -> Shop:
    async with transaction() as session:
        made = await tenants.create(session, "Outra loja", actor="test")
        connection = await tenants.connect_meta(session, made.tenant_id, "999", "EAAother", actor="test")
        await tenants.connect_gateway(session, made.tenant_id, "hotmart", SECRET, actor="test")
    return Shop(shop.settings, ScriptedMeta(), made.tenant_id, connection.id)


async def states() -> list[tuple[str, Any]]:
    found = await rows("SELECT DISTINCT state, reason FROM deliveries ORDER BY 1")
    return [(row["state"], row["reason"]) for row in found]


async def planned(shop: Shop) -> None:
    """A sale of Ana's, and page views of hers: one with her e-mail and one before she left it, in the same visit."""
    await choose(shop, "pageview")
    who = await track(shop, TrackingKind.PAGEVIEW, fbp="fb.1.1700000000000.1234567890")
    visit = {"click_id": who["click_id"], "session_id": who["session_id"]}
    await track(shop, TrackingKind.PAGEVIEW, email=EMAIL, **visit)
    await shop.webhook("HP1", email=EMAIL, phone="")
    await shop.process()
    assert await plan(shop) == 2


async def give_back_to_the_queue(shop: Shop, state: str) -> None:
    answers = {
        "retrying": verdict(FailureClass.TRANSIENT),
        "held": verdict(FailureClass.CREDENTIAL, 190),
        "dead": verdict(FailureClass.PAYLOAD, 100),
    }
    if state in answers:
        shop.meta.script = lambda _ids: answers[state]
        await shop.deliver()
        shop.meta.script = lambda _ids: None
    if state == "retrying":
        await rows("UPDATE meta_connections SET paused_until = NULL RETURNING 1")


@pytest.mark.parametrize("state", ["waiting", "retrying", "held", "dead"])
async def test_a_withdrawal_by_mail_reaches_sales_and_visits_wherever_they_wait(shop: Shop, state: str) -> None:
    await planned(shop)
    await give_back_to_the_queue(shop, state)
    asked = len(shop.meta.requests)
    entered = await enter(shop, email=EMAIL.upper())
    assert entered.reached == {{"held": "waiting"}.get(state, state): 1}
    if state == "held":  # until now, when a new token comes
        held = await rows("UPDATE meta_connections SET state = 'active' WHERE state = 'on_hold' RETURNING 1")
        assert len(held) == 1
    if state == "dead":
        async with transaction() as session:
            assert (await replay(session, shop.tenant_id, ReplayFilter(), actor="test", now=clock.now())).replayed == 3
    later(hours=1)
    await shop.deliver()
    assert len(shop.meta.requests) == asked
    assert shop.meta.accepted == []
    assert await states() == [("withheld", "consent_refused")]


async def test_what_was_withdrawn_and_granted_again_is_sent_and_both_are_proved(shop: Shop) -> None:
    await planned(shop)
    assert (await enter(shop, email=EMAIL)).is_recorded
    assert not (await enter(shop, email=EMAIL)).is_recorded
    assert (await enter(shop, email=EMAIL, granted=True)).is_recorded
    await shop.deliver()
    assert len(shop.meta.accepted) == 3
    proofs = await rows("SELECT granted, source, actor, url FROM consent_records ORDER BY id")
    assert proofs == [{"granted": said, "source": "api", "actor": "test", "url": None} for said in (False, True)]


async def test_another_person_and_another_tenant_are_not_silenced(shop: Shop) -> None:
    await planned(shop)
    await enter(shop, email="beto@loja.example", click_id="h-of-nobody")
    await shop.deliver()
    assert len(shop.meta.accepted) == 3


@pytest.mark.parametrize("who", [{}, {"email": "no address"}, {"phone": "12"}])
def test_who_cannot_be_read_is_refused_and_not_repeated(who: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        withdrawal.named(**{"email": None, "phone": None, "click_id": None, "country": "BR", **who})  # type: ignore[arg-type]
    assert not any(value in str(refused.value.errors) for value in who.values())


async def test_a_refusal_at_one_tenant_withholds_nothing_at_another(shop: Shop) -> None:
    other = await second_shop(shop)
    await enter(shop, email=EMAIL)
    await shop.webhook("HP1", email="beto@loja.example", phone="")
    await other.webhook("HP2", email=EMAIL, phone="")
    await shop.process()
    assert await rows("SELECT sale_id, decision FROM conversions ORDER BY 1") == [
        {"sale_id": "HP1", "decision": "planned"},
        {"sale_id": "HP2", "decision": "planned"},
    ]


async def refusals() -> int:
    return len(await rows("SELECT 1 FROM consents WHERE NOT granted"))


async def test_only_the_visitor_s_own_later_act_lifts_what_was_withdrawn_by_mail(shop: Shop) -> None:
    who = await track(shop, consent_ads=True, email=EMAIL)
    visit = {"click_id": who["click_id"], "session_id": who["session_id"], "email": EMAIL}
    await enter(shop, email=EMAIL)
    await track(shop, TrackingKind.PAGEVIEW, consent_ads=True, **visit)
    await track(shop, TrackingKind.CONSENT, consent_ads=True, age_ms=60_000, **visit)
    assert await refusals() == 3
    later(seconds=61)
    await record_new()
    proofs = await rows("SELECT source, granted FROM consent_records ORDER BY at DESC LIMIT 1")
    assert proofs == [{"source": "api", "granted": False}]
    await track(shop, TrackingKind.CONSENT, consent_ads=True, age_ms=5_000, **visit)
    assert await refusals() == 0
    later(seconds=61)
    assert await record_new() == 1


async def test_an_event_that_no_partition_takes_is_to_be_sent_again(shop: Shop) -> None:
    later(days=60)
    with pytest.raises(ServiceUnavailable):
        await track(shop)


async def test_a_refusal_under_an_event_id_already_used_counts(shop: Shop) -> None:
    for said in (True, False):
        named = {"event_id": "visitor-1", "click_id": "h-1", "session_id": "s-1"}
        await track(shop, TrackingKind.CONSENT, consent_ads=said, **named)
    assert await refusals() == 2
