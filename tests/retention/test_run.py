"""What is past its time goes, in bounded batches with a record; what stands on it stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from agent.checkpoints import migrate
from tests.pipeline.conftest import SECRET, Shop
from tests.pipeline.test_browser_events import choose, plan, stored
from tests.pipeline.test_sales import later, rows, totals, track, verdict
from tracking_core.db.engine import transaction
from tracking_core.db.partitions import creation
from tracking_core.destinations.meta_capi.errors import FailureClass
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import RetentionRun
from tracking_core.privacy import webhook_keys
from tracking_core.retention import run as running
from tracking_core.retention import steps
from tracking_core.retention.kinds import Effect, Kind
from tracking_core.retention.policy import POLICIES
from tracking_core.retention.run import due_kinds, run, run_all, run_due
from tracking_core.retention.status import overview
from tracking_core.tenants import service as tenants

_KEYS = "SELECT cardinality(keys) AS n FROM privacy_webhook_keys"


async def sold(shop: Shop, sale_id: str, *, answer: object = None) -> None:
    """A sale of a known visitor, told to Meta."""
    click = await track(shop, fbclid="IwAR_1", email=f"{sale_id}@loja.example", consent_ads=True)
    shop.meta.script = lambda _ids: answer  # type: ignore[assignment,return-value]
    await shop.webhook(sale_id, click_id=click["click_id"], email=f"{sale_id}@loja.example")
    await shop.process()
    await shop.deliver()


async def ran(shop: Shop, *kinds: Kind) -> dict[str, tuple[int, int, str | None]]:
    done = await run_all(kinds or tuple(POLICIES), shop.settings)
    return {row.kind: (row.rows, row.partitions, row.error) for row in done if row.rows or row.partitions or row.error}


async def one(query: str) -> dict[str, Any]:
    [row] = await rows(query)
    return row


async def test_the_contents_of_a_sale_go_one_after_the_other_and_the_ledger_adds_up_to_the_end(shop: Shop) -> None:
    await sold(shop, "HP1")
    await sold(shop, "HP2", answer=verdict(FailureClass.PAYLOAD, 100))
    await webhook_keys.read_all(shop.tenant_id)
    before = await totals(shop)
    money = await rows("SELECT sale_id, status, amount, currency, decision FROM conversions ORDER BY sale_id")
    assert await ran(shop) == {}
    later(days=31)
    assert await ran(shop) == {"dead_letters": (1, 0, None)}
    later(days=60)
    assert await ran(shop) == {
        "sale_deliveries": (1, 0, None),
        "attempt_responses": (2, 0, None),
        "raw_webhooks": (2, 0, None),
    }
    assert {row["size"] for row in await rows("SELECT octet_length(payload) AS size FROM deliveries")} == {0}
    assert {row["n"] > 0 for row in await rows(_KEYS)} == {True}  # the buyer is still to be found
    later(days=640)
    assert (await ran(shop, Kind.BUYERS)) == {"buyers": (2, 0, None)}
    assert await totals(shop) == before == {"delivered": 1, "dead": 1}
    assert await rows("SELECT sale_id, status, amount, currency, decision FROM conversions ORDER BY sale_id") == money
    emptied = await rows("SELECT DISTINCT user_data, facts, consent_subjects FROM conversions")
    assert emptied == [{"user_data": {}, "facts": {}, "consent_subjects": []}]
    assert {row["n"] for row in await rows(_KEYS)} == {0}
    assert await rows("SELECT DISTINCT candidates, click_id FROM matches") == [{"candidates": [], "click_id": None}]
    assert await ran(shop, Kind.BUYERS, Kind.RAW_WEBHOOKS, Kind.SALE_DELIVERIES, Kind.ATTEMPT_RESPONSES) == {}


async def test_what_is_still_to_be_done_is_never_past_due(shop: Shop) -> None:
    await sold(shop, "HP1", answer=verdict(FailureClass.TRANSIENT))
    await shop.webhook("HP2")  # not read yet
    later(days=400)
    done = await ran(shop, Kind.RAW_WEBHOOKS, Kind.SALE_DELIVERIES, Kind.DEAD_LETTERS)
    assert done == {"raw_webhooks": (1, 0, None)}
    assert await rows("SELECT octet_length(payload) > 0 AS is_kept FROM deliveries") == [{"is_kept": True}]
    kept = "SELECT octet_length(body) > 0 AS is_kept FROM received_webhooks WHERE state = 'received'"
    assert await rows(kept) == [{"is_kept": True}]


async def test_page_views_told_to_meta_go_with_their_attempts_and_dead_ones_first(shop: Shop) -> None:
    await choose(shop, "pageview")
    for answer in (None, verdict(FailureClass.PAYLOAD, 100)):
        shop.meta.script = lambda _ids, answer=answer: answer  # type: ignore[misc]
        await stored(shop, clock.now())
        await plan(shop)
        await shop.deliver()
    later(days=31)
    assert await ran(shop, Kind.DEAD_LETTERS, Kind.BROWSER_DELIVERIES) == {"dead_letters": (1, 0, None)}
    later(days=60)
    assert await ran(shop, Kind.BROWSER_DELIVERIES) == {"browser_deliveries": (1, 0, None)}
    assert await rows("SELECT 1 FROM deliveries UNION ALL SELECT 1 FROM dispatch_attempts") == []


async def test_events_go_by_whole_weeks_one_partition_at_a_time(shop: Shop) -> None:
    now = clock.now()
    async with transaction() as session:
        for statement in creation(now - timedelta(days=200), weeks_ahead=0, weeks_back=1):
            await session.execute(text(statement))
    await stored(shop, now - timedelta(days=200))
    await stored(shop, now)
    async with transaction() as session:
        [events] = [one for one in await overview(session, shop.settings, now) if one.kind is Kind.TRACKING_EVENTS]
    assert (events.effect, events.past_due_partitions) == (Effect.DROPPED, 2)
    assert (await ran(shop, Kind.TRACKING_EVENTS))["tracking_events"][1:] == (2, None)
    assert (await one("SELECT count(*) AS n FROM tracking_events"))["n"] == 1


async def test_the_claim_of_an_event_outlives_it_and_that_of_a_sale_stays(shop: Shop) -> None:
    later()  # the clock stands
    await sold(shop, "HP1")
    claims = "SELECT scope, count(*) AS n FROM dedupe_registry GROUP BY scope ORDER BY scope"
    sale, event = {"scope": "conversion", "n": 1}, {"scope": "tracking", "n": 1}
    later(days=shop.settings.tracking_retention_days + 7, seconds=-1)
    await ran(shop, Kind.TRACKING_EVENTS, Kind.EVENT_CLAIMS)
    assert await rows("SELECT 1 FROM tracking_events") == []
    assert await rows(claims) == [sale, event]
    later(seconds=2)
    assert await ran(shop, Kind.EVENT_CLAIMS) == {"event_claims": (1, 0, None)}
    later(days=4_000)
    await ran(shop, Kind.EVENT_CLAIMS)
    assert await rows(claims) == [sale]
    # The sale is told of once more, by an endpoint that was set up anew: it is known.
    async with transaction() as session:
        await tenants.connect_gateway(session, shop.tenant_id, "hotmart", SECRET, actor="test")
    await shop.webhook("HP1")
    await shop.process()
    assert await rows("SELECT decision FROM conversions ORDER BY id") == [
        {"decision": "planned"},
        {"decision": "duplicate"},
    ]


async def test_a_run_that_was_stopped_goes_on_where_it_was_and_its_record_is_true(shop: Shop) -> None:
    async with transaction() as session:
        await session.execute(
            text(
                "INSERT INTO audit_log (id, actor, action, subject, details, created_at) SELECT gen_random_uuid(),"
                " 'test', 'old', '', '{}', now() - interval '9 years' FROM generate_series(1, 5)"
            )
        )
    policy = POLICIES[Kind.AUDIT_LOG]
    await running._begin(policy, shop.settings)
    first = await running.step(policy, 2)
    assert first is not None
    async with transaction() as session:
        assert Kind.AUDIT_LOG in await due_kinds(session, clock.now())  # left unfinished
        held = await session.get_one(RetentionRun, first.id, with_for_update=True)
        assert (held.rows, held.finished_at) == (2, None)
        assert await run(Kind.AUDIT_LOG, shop.settings) is None  # another is at it
    seen: list[int] = []
    done = await run(Kind.AUDIT_LOG, shop.settings, limit=2, told=lambda row: seen.append(row.rows))
    assert done is not None
    assert (done.id, seen) == (first.id, [4, 5, 5])
    assert (await one("SELECT count(*) AS n FROM audit_log WHERE action = 'old'"))["n"] == 0


async def test_each_kind_has_its_rhythm_and_one_that_fails_is_on_record_and_stops_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear = steps.clear

    async def failing(session: Any, step: Any, *args: Any, **named: Any) -> int:
        if step.table == "audit_log":
            raise OperationalError("said by the database", None, Exception("buyer@loja.example"))
        return await clear(session, step, *args, **named)

    monkeypatch.setattr(steps, "clear", failing)
    done = {row.kind: row.error for row in await run_due(shop.settings)}
    assert set(done) == set(POLICIES)
    assert {kind: error for kind, error in done.items() if error} == {"audit_log": "OperationalError"}
    assert await run_due(shop.settings) == []
    later(minutes=11)
    assert [row.kind for row in await run_due(shop.settings)] == ["audit_log"]
    later(minutes=50)
    hourly = {"screenshots", "sign_ins", "closed_shops"}
    assert {row.kind for row in await run_due(shop.settings)} == {*hourly, "audit_log"}


_SESSION = text("""
INSERT INTO setup_sessions (id, tenant_id, state, locale, created_by, facts, stages, graph_version, event_seq,
    intent_seq, fence) VALUES (:id, :tenant, :state, 'en', 'test', '{}', '{}', 1, 0, 0, 0)
""")
_CHECKPOINT = text("INSERT INTO agent.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES (:thread, '1', '{}')")


async def test_checkpoints_of_an_idle_setup_go_and_those_that_wait_for_a_decision_stay(shop: Shop) -> None:
    done, waiting = new_id(), new_id()
    await migrate(shop.settings.database_url)
    async with transaction() as session:
        for one_of, state in ((done, "done"), (waiting, "awaiting_approval")):
            await session.execute(_SESSION, {"id": one_of, "tenant": shop.tenant_id, "state": state})
        for thread in (f"setup:{done}", f"chat:{done}", f"setup:{waiting}", "somebody:else"):
            await session.execute(_CHECKPOINT, {"thread": thread})
    assert await ran(shop, Kind.CHECKPOINTS) == {}
    later(days=181)
    assert await ran(shop, Kind.CHECKPOINTS) == {"checkpoints": (2, 0, None)}
    kept = await rows("SELECT thread_id FROM agent.checkpoints ORDER BY 1")
    assert [row["thread_id"] for row in kept] == [f"setup:{waiting}", "somebody:else"]
