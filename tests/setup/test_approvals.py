"""A decision is on exactly the plan that was shown, by hash, once, in time."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from tests.setup.conftest import Setup
from tracking_core.db.engine import transaction
from tracking_core.errors import ApprovalExpired, ApprovalMismatch, ApprovalNotPending, HubError, SetupBusy
from tracking_core.kit import clock
from tracking_core.models import ApprovalState, AuditEntry, SetupApproval, SetupIntent, SetupSession
from tracking_core.setup import approvals, inbox
from tracking_core.setup.inbox import IntentKind

HASH = "a" * 64


async def _request(setup: Setup, *, interrupt_id: str = "i1", hours: int = 24) -> None:
    fence = await setup.take(seconds=-1)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        await approvals.request(
            session,
            owner,
            fence,
            interrupt_id=interrupt_id,
            plan={"kind": "apply"},
            plan_hash=HASH,
            now=clock.now(),
            hours=hours,
        )


async def _decide(setup: Setup, *, plan_hash: str = HASH, is_approved: bool = True) -> None:
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        await approvals.decide(
            session, owner, plan_hash=plan_hash, is_approved=is_approved, actor="seller", now=clock.now()
        )


async def _states(setup: Setup) -> list[str]:
    async with transaction() as session:
        query = select(SetupApproval).where(SetupApproval.session_id == setup.session_id)
        return [row.state for row in (await session.scalars(query)).all()]


async def _refused(setup: Setup, error: type[HubError], **how: object) -> None:
    with pytest.raises(error):
        await _decide(setup, **how)  # type: ignore[arg-type]


async def test_an_approval_is_recorded_and_put_in_the_inbox(setup: Setup) -> None:
    await _request(setup)
    await _decide(setup)
    assert await _states(setup) == [ApprovalState.APPROVED]
    async with transaction() as session:
        [intent] = (await session.scalars(select(SetupIntent))).all()
        actions = [row.action for row in (await session.scalars(select(AuditEntry))).all()]
    assert intent.payload == {"interrupt_id": "i1", "plan_hash": HASH, "decision": "approved"}
    assert "setup.plan_approved" in actions


async def test_the_same_interrupt_is_shown_once(setup: Setup) -> None:
    await _request(setup)
    await _request(setup)
    assert await _states(setup) == [ApprovalState.PENDING]
    assert [kind for _, kind in await setup.events()].count("approval.requested") == 1


async def test_a_second_decision_is_refused(setup: Setup) -> None:
    await _request(setup)
    await _decide(setup)
    await _refused(setup, ApprovalNotPending, is_approved=False)
    assert await _states(setup) == [ApprovalState.APPROVED]


async def test_a_hash_of_another_plan_is_refused_and_the_plan_still_waits(setup: Setup) -> None:
    await _request(setup)
    await _refused(setup, ApprovalMismatch, plan_hash="b" * 64)
    await _decide(setup)


async def test_without_a_plan_there_is_nothing_to_decide(setup: Setup) -> None:
    await _refused(setup, ApprovalNotPending)


async def test_a_late_decision_is_refused_and_the_sweep_ends_the_plan_explicitly(setup: Setup) -> None:
    await _request(setup, hours=1)
    later = clock.now() + timedelta(hours=2)
    clock.set_source(lambda: later)
    await _refused(setup, ApprovalExpired)
    assert await approvals.expire_due(clock.now()) == [setup.session_id]
    assert await _states(setup) == [ApprovalState.EXPIRED]
    async with transaction() as session:
        [intent] = (await session.scalars(select(SetupIntent))).all()
    assert await approvals.expire_due(clock.now()) == []
    assert (intent.kind, intent.payload["decision"]) == ("expire", "expired")


async def test_what_was_asked_since_takes_the_plan_away(setup: Setup) -> None:
    await _request(setup)
    fence = await setup.take(seconds=-1)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        await approvals.supersede(session, owner, fence, clock.now())
    assert await _states(setup) == [ApprovalState.SUPERSEDED]
    await _refused(setup, ApprovalNotPending)


async def test_a_decision_does_not_overtake_what_was_asked_before_it(setup: Setup) -> None:
    await _request(setup)
    async with transaction() as session:
        owner = await session.get_one(SetupSession, setup.session_id)
        await inbox.enqueue(session, owner, IntentKind.PROBE_LANDING, {}, actor="seller")
    await _refused(setup, SetupBusy)
    assert await _states(setup) == [ApprovalState.PENDING]


async def test_expiring_and_superseding_at_once_does_not_deadlock(setup: Setup) -> None:
    await _request(setup, hours=-1)
    fence = await setup.take(seconds=-1)

    async def supersede() -> None:
        async with transaction() as session:
            owner = await session.get_one(SetupSession, setup.session_id)
            await approvals.supersede(session, owner, fence, clock.now())

    await asyncio.gather(*(approvals.expire_due(clock.now()) for _ in range(4)), *(supersede() for _ in range(4)))
    assert await _states(setup) in ([ApprovalState.EXPIRED], [ApprovalState.SUPERSEDED])
