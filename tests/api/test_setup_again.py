"""Asking again: the same wish is one intent, another wish with its key is refused, a lost answer is told again."""

import asyncio
from typing import Any

import pytest

from api import credentials
from tests.api.conftest import new_tenant
from tests.api.setups import Setup
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import ApprovalState, SetupApproval, SetupSession
from tracking_core.setup import approvals, lease

HASH = "a" * 64
TOKEN = "EAAanotherTokenOfTheTest0123456789"


async def test_the_same_wish_again_is_the_same_intent_and_its_secret_is_kept_once(setup: Setup) -> None:
    answers = [await setup.meta(key="k1", access_token=TOKEN) for _ in range(2)]
    assert {one.json()["action_id"] for one in answers} == {str((await setup.intents())[0].id)}
    assert len(await setup.secrets()) == 1


@pytest.mark.parametrize("changes", [{"dataset_id": "2"}, {"access_token": TOKEN}, {"app_secret": "another-secret"}])
async def test_another_wish_with_the_key_is_refused(setup: Setup, changes: dict[str, Any]) -> None:
    assert (await setup.meta(key="k1")).status_code == 202
    again = await setup.meta(key="k1", **changes)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_key_reused")
    assert (len(await setup.intents()), len(await setup.secrets())) == (1, 1)


async def test_at_the_same_moment_one_of_two_wishes_is_refused_and_leaves_no_secret(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, seal = asyncio.Barrier(2), credentials.sealed

    async def sealed(*given: Any, **how: Any) -> Any:
        """Neither is in the inbox yet when the other has looked there."""
        await both.wait()
        return await seal(*given, **how)

    monkeypatch.setattr("api.inbox.sealed", sealed)
    answers = await asyncio.gather(setup.meta(key="k1"), setup.meta(key="k1", access_token=TOKEN))
    assert sorted(one.status_code for one in answers) == [202, 409]
    assert (len(await setup.intents()), len(await setup.secrets())) == (1, 1)


async def test_a_key_stays_refused_for_another_wish_once_the_first_was_handled(setup: Setup) -> None:
    await setup.probe(key="k1")
    await setup.finish()
    assert (await setup.probe("https://outra.example/", key="k1")).status_code == 409
    assert (await setup.probe(key="k1")).json()["status"] == "failed"  # handled, without an entry


async def test_a_key_is_one_kind_s_and_never_one_of_the_hub_s_own_names(setup: Setup) -> None:
    approval = await _request(setup)
    own = f"decide:{approval}"
    assert (await setup.probe(key=own)).status_code == 202
    await setup.finish()
    assert (await setup.meta(key=own)).status_code == 202
    await setup.finish()
    assert (await _decide(setup, "approve")).status_code == 202
    assert [one.kind for one in await setup.intents()] == ["probe_landing_url", "validate_meta_token", "decide"]


async def test_what_was_asked_is_kept_as_a_digest_that_differs_by_tenant(setup: Setup) -> None:
    same = await Setup.begin(setup.client, setup.tenant)
    other = await Setup.begin(setup.client, await new_tenant("Outra loja"))
    for one in (setup, same, other):
        await one.meta(key="k1")
    digests = [(await one.intents())[0].result["asked"] for one in (setup, same, other)]
    assert digests[0] == digests[1] != digests[2]
    await setup.finish(outcome="done")
    assert (await setup.intents())[0].result == {"asked": digests[0], "outcome": "done"}


async def test_preferences_take_a_key_and_tell_null_from_absent(setup: Setup) -> None:
    first = await setup.send("PUT", "preferences", {"test_event_code": None}, key="k1")
    again = await setup.send("PUT", "preferences", {"test_event_code": None}, key="k1")
    other = await setup.send("PUT", "preferences", {}, key="k1")
    assert first.json()["intent_id"] == again.json()["intent_id"]
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(("decision", "other"), [("approve", "reject"), ("reject", "approve")])
async def test_a_decision_whose_answer_was_lost_is_answered_again(setup: Setup, decision: str, other: str) -> None:
    await _request(setup)
    first = await _decide(setup, decision)
    queued = await _decide(setup, decision)
    await setup.finish(outcome="done")
    handled = await _decide(setup, decision)
    assert [one.status_code for one in (first, queued, handled)] == [202, 202, 200]
    assert len({one.json()["intent_id"] for one in (first, queued, handled)}) == 1
    assert handled.json()["result"] == "done"
    changed = await _decide(setup, other)
    assert (changed.status_code, changed.json()["code"]) == (409, "approval_not_pending")


async def test_only_the_newest_plan_of_a_hash_is_answered_again(setup: Setup) -> None:
    await _request(setup)
    await _decide(setup, "approve")
    await setup.finish()
    newest = await _request(setup)
    async with transaction() as session:
        (await session.get_one(SetupApproval, newest)).state = ApprovalState.EXPIRED
    assert (await _decide(setup, "approve")).status_code == 409


async def _request(setup: Setup) -> Any:
    """The id of an approval that now waits."""
    async with transaction() as session:
        fence = await lease.take(session, setup.session_id, new_id(), clock.now(), seconds=-1)
        assert fence is not None
        owner = await session.get_one(SetupSession, setup.session_id)
        plan = {"kind": "apply"}
        await approvals.request(
            session, owner, fence, interrupt_id=str(fence), plan=plan, plan_hash=HASH, now=clock.now(), hours=1
        )
        waiting = await approvals.pending(session, setup.session_id)
    assert waiting is not None
    return waiting.id


async def _decide(setup: Setup, decision: str) -> Any:
    return await setup.send("POST", "plan/decision", {"plan_hash": HASH, "decision": decision})
