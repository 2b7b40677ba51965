"""One sale, hop by hop: everything that happened is told, in words, and nothing of a person in clear."""

from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from tests.pipeline.conftest import SECRET, Shop
from tests.pipeline.test_disabled import switch
from tests.pipeline.test_sales import later, track, verdict
from tests.reporting.conftest import announced, scope, sell
from tracking_core.db.engine import transaction
from tracking_core.delivery.replay_preview import WHY_NOT
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit import clock
from tracking_core.ledger.read import LedgerState
from tracking_core.matching.match import Rule
from tracking_core.models import ConsentMode, Tenant, TrackingKind
from tracking_core.reporting import sales
from tracking_core.reporting.explained import ExplainedSale, explain
from tracking_core.reporting.hops import attempts, claim, click, consent, deliveries, match, standing, webhooks
from tracking_core.reporting.pages import Place
from tracking_core.reporting.sales import SaleSearch
from tracking_core.reporting.scope import EVERYONE, Scope
from tracking_core.reporting.sentences import Sentence, told
from tracking_core.tenants import service as tenants


async def id_of(shop: Shop, order: str) -> UUID:
    async with transaction() as session:
        wanted = SaleSearch(order=order, include_synthetic=True)
        page = await sales.search(session, scope(shop), wanted, Place(sales.TABLE))
    return page.items[0].id


async def explained(shop: Shop, order: str, of: Scope | None = None) -> ExplainedSale:
    conversion_id = await id_of(shop, order)
    async with transaction() as session:
        sale = await explain(session, of or scope(shop), conversion_id)
    assert sale is not None
    return sale


def said(sentences: tuple[Sentence, ...]) -> list[str]:
    return [sentence.msgid for sentence in sentences]


async def test_a_sale_that_went_well_is_told_from_the_click_to_metas_yes(ana: Shop) -> None:
    seen = await track(ana, fbclid="IwAR1", utm_campaign="black-friday", consent_ads=True)
    await ana.webhook("HP1", "pending", click_id=seen["click_id"])
    await ana.process()
    later(hours=2)
    await sell(ana, "HP1", click_id=seen["click_id"])
    sale = await explained(ana, "HP1")
    assert (sale.click.click_id, sale.click.kind, sale.click.page) == (
        seen["click_id"],
        "click",
        "https://loja.example/curso",
    )
    assert sale.click.campaign == {"utm_campaign": "black-friday"}
    assert {"fbc", "ip", "user_agent"} <= set(sale.click.known)
    assert said(sale.click.sentences)[1:] == [click.CAMPAIGN, click.FROM_AD, click.CONSENT[True]]
    assert [(one.kind.value, one.changed) for one in sale.webhooks] == [
        ("pending", "advanced"),
        ("approved", "advanced"),
    ]
    assert sale.webhooks[0].received_at < sale.webhooks[1].received_at
    assert said(sale.match.sentences) == [match.RULES[Rule.CLICK_ID]]
    assert [(one.has_won, one.verdict.msgid) for one in sale.match.candidates] == [(True, match.WON)]
    assert (said(sale.claim.sentences), sale.claim.held_by) == ([claim.FIRST], sale.sale.id)
    assert said(sale.consent.sentences) == [consent.RECORDED[True], consent.MODES[ConsentMode.OPT_OUT], consent.ALLOWED]
    [delivery] = sale.deliveries
    assert said(delivery.sentences) == [deliveries.DELIVERED]
    [attempt] = delivery.attempts
    assert (attempt.number, attempt.outcome, attempt.fbtrace_id, attempt.latency_ms) == (1, "accepted", "trace", 1)
    assert said(attempt.sentences) == [attempts.ACCEPTED]
    assert (sale.standing.state, sale.standing.next_at) == (LedgerState.DELIVERED, None)
    assert said(sale.standing.sentences) == [standing.STATES[LedgerState.DELIVERED], standing.NEXT_NOTHING]


async def test_nothing_of_a_person_and_no_secret_is_in_it(ana: Shop) -> None:
    visitor = "maria+1@example.com"
    seen = await track(
        ana, email=visitor, url="https://loja.example/?email=maria%2B1@example.com", utm_campaign=visitor
    )
    await sell(ana, "HP1", click_id=seen["click_id"], email="cliente@example.com", name="Zuleide Quebracoco")
    text_of_it = orjson.dumps(told(await explained(ana, "HP1"), "en"), default=str).decode()
    for private in ("maria", "cliente@", "Quebracoco", "98765", "200.147", "Mozilla", "EAAtesttoken", SECRET):
        assert private not in text_of_it
    assert not [part for part in text_of_it.split('"') if len(part) == 64]  # no hash of anybody


async def test_a_sale_that_waits_for_its_click_s_consent_says_so(ana: Shop) -> None:
    async with transaction() as session:
        (await session.get_one(Tenant, ana.tenant_id)).consent_mode = ConsentMode.OPT_IN
    await ana.webhook("HP1", click_id="hUNSEENclick0000000001")
    await ana.process()
    sale = await explained(ana, "HP1")
    assert said(sale.consent.sentences)[-1] == consent.UNHEARD
    assert said(sale.standing.sentences)[-1] == standing.NEXT_CLICK


async def test_a_sale_that_waits_for_its_payment_says_so(ana: Shop) -> None:
    await sell(ana, "HP1", kind="pending")
    sale = await explained(ana, "HP1")
    assert said(sale.claim.sentences) == [claim.UNCLAIMED]
    assert said(sale.consent.sentences)[-1] == consent.UNDECIDED
    assert said(sale.standing.sentences)[-1] == standing.NEXT_PAYMENT
    assert said(sale.click.sentences) == [click.NO_CLICK]
    assert (sale.deliveries, sale.standing.deadline) == ((), None)


async def test_retries_are_told_with_each_answer_and_the_next_time(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.TRANSIENT, 2, ambiguous=True)
    await sell(ana, "HP1")
    later(minutes=5)
    await ana.deliver()
    sale = await explained(ana, "HP1")
    [delivery] = sale.deliveries
    assert [one.number for one in delivery.attempts] == [1, 2]
    assert [(one.outcome, one.code, one.is_ambiguous) for one in delivery.attempts] == [("transient", 2, True)] * 2
    assert said(delivery.attempts[0].sentences)[-1] == attempts.AMBIGUOUS
    assert said(delivery.sentences)[-1] == deliveries.RETRIED
    assert sale.standing.next_at == delivery.next_at
    assert delivery.next_at is not None
    assert clock.now() < delivery.next_at < delivery.deadline < clock.now() + timedelta(hours=48)
    assert said(sale.standing.sentences)[-1] == standing.NEXT


async def test_one_bad_event_of_a_batch_is_told_from_the_split_to_the_replay(ana: Shop) -> None:
    for sale_id in ("HP1", "HP2", "HP3"):
        await ana.webhook(sale_id)
    await ana.process()
    bad = str((await explained(ana, "HP2")).sale.event_id)

    def answer(ids: list[str]) -> Verdict | None:
        return verdict(FailureClass.PAYLOAD, 100, subcode=2804050) if bad in ids else None

    ana.meta.script = answer
    await ana.deliver()
    sale = await explained(ana, "HP2")
    [delivery] = sale.deliveries
    assert attempts.IN_A_BATCH in said(delivery.attempts[0].sentences)
    assert attempts.IN_A_BATCH not in said(delivery.attempts[-1].sentences)
    assert delivery.attempts[0].batch_size == 3
    assert (delivery.can_replay, said(delivery.sentences)[-1]) == (True, deliveries.REPLAYABLE)
    assert said(sale.standing.sentences)[-1] == standing.NEXT_REPLAY
    later(days=8)
    sale = await explained(ana, "HP2")
    assert said(sale.deliveries[0].sentences)[-1] in WHY_NOT.values()
    assert said(sale.standing.sentences)[-1] == standing.NEXT_NOTHING


async def test_a_hold_says_that_a_person_must_act_and_a_switched_off_connection_too(ana: Shop) -> None:
    ana.meta.script = lambda _ids: verdict(FailureClass.CREDENTIAL, 190, subcode=463)
    await sell(ana, "HP1")
    sale = await explained(ana, "HP1")
    [delivery] = sale.deliveries
    assert (delivery.reason, delivery.next_at) == ("credential:190/463", None)
    assert said(delivery.sentences)[-1] == deliveries.HELD
    assert said(sale.standing.sentences)[-1] == standing.NEXT_PERSON
    assert sale.standing.deadline == delivery.deadline
    await switch(ana.connection_id, on=False)
    sale = await explained(ana, "HP1")
    assert sale.deliveries[0].reason == "connection_disabled"
    assert said(sale.standing.sentences)[-1] == standing.NEXT_PERSON


async def test_a_connection_that_rests_and_a_lost_worker_are_told(ana: Shop) -> None:
    def die(_ids: list[str]) -> Verdict | None:
        raise SystemError

    await ana.webhook("HP1")
    await ana.process()
    ana.meta.script = die
    with pytest.raises(ExceptionGroup):
        await ana.deliver()
    sale = await explained(ana, "HP1")
    assert sale.deliveries[0].is_being_sent
    assert said(sale.standing.sentences)[-1] == deliveries.SENDING
    ana.meta.script = lambda _ids: verdict(FailureClass.THROTTLED, 4)
    later(minutes=2)
    assert said((await explained(ana, "HP1")).deliveries[0].sentences) == [deliveries.DUE_NOW]
    await ana.deliver()
    [delivery] = (await explained(ana, "HP1")).deliveries
    assert [one.outcome for one in delivery.attempts] == ["worker_lost", "throttled"]
    assert said(delivery.attempts[0].sentences) == [attempts.LOST]
    assert said(delivery.sentences)[-1] == deliveries.PAUSED


async def test_a_copy_of_a_sale_names_the_one_that_counts(ana: Shop) -> None:
    await sell(ana, "HP1")
    first = await id_of(ana, "HP1")
    async with transaction() as session:
        await tenants.connect_gateway(session, ana.tenant_id, "hotmart", SECRET, actor="test")
    await sell(ana, "HP1", occurred_at=clock.now() - timedelta(minutes=2))
    copy = await explained(ana, "HP1")
    assert copy.sale.state is LedgerState.DUPLICATE
    assert (copy.claim.held_by, said(copy.claim.sentences)) == (first, [claim.DUPLICATE, claim.BY_OTHER])
    assert said(copy.consent.sentences)[-1] == consent.NOT_REACHED


async def test_a_refusal_is_told_whether_it_came_before_or_after_the_decision(ana: Shop) -> None:
    before = await track(ana, click_id="hBEFORE", consent_ads=False)
    await sell(ana, "HP1", click_id=before["click_id"], email="a@example.com", phone="")
    sale = await explained(ana, "HP1")
    assert said(sale.consent.sentences)[-2:] == [consent.REFUSED_AT, consent.STOPPED["consent_refused"]]
    assert (sale.consent.reason, sale.consent.objection_today) == ("consent_refused", "consent_refused")
    after = await track(ana, click_id="hAFTER", consent_ads=True)
    await ana.webhook("HP2", click_id=after["click_id"], email="b@example.com", phone="")
    await ana.process()
    await track(ana, TrackingKind.CONSENT, click_id="hAFTER", consent_ads=False)
    await ana.deliver()
    sale = await explained(ana, "HP2")
    assert said(sale.consent.sentences)[-1] == consent.STOPPED_LATER
    assert sale.consent.refused_at is not None
    assert said(sale.standing.sentences)[-1] == standing.NEXT_NOTHING


async def test_the_missing_yes_is_told_where_the_settings_ask_for_one(ana: Shop) -> None:
    async with transaction() as session:
        (await session.get_one(Tenant, ana.tenant_id)).consent_mode = ConsentMode.OPT_IN
    await sell(ana, "HP1")
    sale = await explained(ana, "HP1")
    assert said(sale.consent.sentences) == [
        consent.RECORDED[None],
        consent.MODES[ConsentMode.OPT_IN],
        consent.STOPPED["consent_missing"],
    ]


async def test_candidates_say_why_they_won_or_lost(ana: Shop) -> None:
    await track(ana, TrackingKind.PAGEVIEW, click_id="hONE", event_id="page")
    await track(ana, click_id="hONE", event_id="older")
    later(minutes=1)
    await track(ana, click_id="hONE", event_id="newer")
    await sell(ana, "HP1", click_id="hONE")
    told_of = {one.verdict.msgid: one for one in (await explained(ana, "HP1")).match.candidates}
    assert set(told_of) == {match.WON, match.OLDER, match.ONLY_PAGE}
    assert told_of[match.WON].received_at > told_of[match.OLDER].received_at
    assert told_of[match.ONLY_PAGE].kind == "pageview"


async def _scored(shop: Shop, rule: str, candidates: list[dict[str, object]], missing: list[str]) -> ExplainedSale:
    """The sale with a match as the score keeps it: no gateway of ours sends the signals it needs."""
    await sell(shop, "HP1")
    query = "UPDATE matches SET rule = :rule, score = 0.8, candidates = CAST(:c AS jsonb), missing = CAST(:m AS jsonb)"
    async with transaction() as session:
        values = {"rule": rule, "c": orjson.dumps(candidates).decode(), "m": orjson.dumps(missing).decode()}
        await session.execute(text(query), values)
    return await explained(shop, "HP1")


def _candidate(score: str, click_id: str, **features: float) -> dict[str, object]:
    known = {"kind": "click", "received_at": clock.now().isoformat(), "is_bot": False}
    return {"tracking_event_id": str(UUID(int=len(click_id))), "click_id": click_id, "score": score, **known} | {
        "features": features
    }


async def test_a_score_is_told_with_its_features_and_what_was_missing(ana: Shop) -> None:
    both = [_candidate("0.800", "h1", ip=1.0, time=0.5), _candidate("0.300", "h12")]
    sale = await _scored(ana, "none", both, ["product", "a_clear_winner"])
    assert said(sale.match.sentences) == [match.UNCLEAR]
    assert [one.verdict.msgid for one in sale.match.candidates] == [match.TIED, match.BELOW]
    features = sale.match.candidates[0].features
    assert [(one.name, one.value, one.weight) for one in features] == [("ip", 1.0, 0.45), ("time", 0.5, 0.2)]
    assert said(sale.match.lacking) == [match.MISSING["product"], match.MISSING["a_clear_winner"]]
    below = sale.match.candidates[1].verdict
    assert below.told("pt_BR").count("0,3") == 1
    assert below.told("en").count("0.3") == 1


async def test_a_late_click_is_awaited_and_a_lost_one_named(ana: Shop) -> None:
    await ana.webhook("HP1", click_id="hNEVERcame0000000001")
    await ana.process()
    sale = await explained(ana, "HP1")
    assert said(sale.match.sentences) == [match.NOBODY, match.AGAIN]
    assert said(sale.click.sentences) == [click.CARRIED]
    assert "hNEVERcame0000000001" in sale.click.sentences[0].told("en")
    assert said(sale.deliveries[0].sentences) == [deliveries.DUE]
    assert sale.standing.next_at == sale.deliveries[0].next_at


async def test_what_came_too_late_or_changed_nothing_is_told_as_such(ana: Shop) -> None:
    await sell(ana, "HP1")
    await ana.webhook("HP1", "pending", occurred_at=clock.now() - timedelta(hours=3))
    await ana.process()
    sale = await explained(ana, "HP1")
    assert [one.sentences[1].msgid for one in sale.webhooks] == [
        webhooks.CHANGED["advanced"],
        webhooks.CHANGED["outdated"],
    ]


async def test_a_visit_past_its_retention_leaves_its_id(ana: Shop) -> None:
    seen = await track(ana)
    await sell(ana, "HP1", click_id=seen["click_id"])
    async with transaction() as session:
        await session.execute(text("TRUNCATE tracking_events"))
    sale = await explained(ana, "HP1")
    assert (said(sale.click.sentences), sale.click.click_id) == ([click.GONE], seen["click_id"])


async def test_a_made_up_sale_is_told_too_and_nobody_sees_anothers(ana: Shop, beto: Shop) -> None:
    sale_id = await announced(ana)
    await sell(ana, sale_id)
    sale = await explained(ana, sale_id)
    assert (sale.sale.is_synthetic, sale.deliveries[0].is_synthetic) == (True, True)
    async with transaction() as session:
        assert await explain(session, scope(beto), sale.sale.id) is None
        assert await explain(session, EVERYONE, sale.sale.id) is not None
