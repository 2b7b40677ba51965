"""The way back to a version that is there no more."""

from sqlalchemy import delete
from sqlmodel import col, select

from agent.setup.runner import Runner
from tests.agent.conftest import DONE, Session
from tracking_core.configuration.codes import ConfigCode
from tracking_core.configuration.spec import DatasetSpec, Spec
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import (
    ConfigurationState,
    ConsentMode,
    SetupHandoff,
    SetupSession,
    TrackingConfiguration,
)
from tracking_core.setup import approvals
from tracking_core.setup.inbox import IntentKind

STAGES = {"configuration": {"status": "verified"}, "proof": {"status": "verified"}}
TO_FIRST = {"scope": "version", "version": 1}
SPEC = Spec(
    dataset=DatasetSpec(dataset_id="42", dataset_name="Loja"),
    endpoints=(),
    consent_mode=ConsentMode.OPT_IN,
    landing_url="https://loja.example/",
)


async def test_a_version_that_is_gone_is_an_outcome_of_its_own_and_everything_stands_as_it_did(
    session: Session, runner: Runner
) -> None:
    """Asked for again and again: it is nobody's fault, so nobody is called."""
    async with transaction() as opened:
        (await opened.get_one(SetupSession, session.id)).stages = STAGES
    for _ in range(4):
        await session.ask(IntentKind.ROLLBACK, TO_FIRST)
    await runner.drain(session.id)
    told = {(one.state, one.code, one.result["outcome"]) for one in await session.intents()}
    assert told == {(DONE, ConfigCode.VERSION_GONE, "unchanged")}
    assert (await session.row()).stages == STAGES
    assert not await _handoffs(session)


async def test_a_version_that_goes_while_its_plan_waits_is_told_and_nothing_is_applied(
    session: Session, runner: Runner
) -> None:
    async with transaction() as opened:
        opened.add(
            TrackingConfiguration(
                tenant_id=session.tenant_id,
                version=1,
                state=ConfigurationState.SUPERSEDED,
                spec=SPEC.to_json(),
                plan_hash="0" * 64,
            )
        )
    await session.ask(IntentKind.ROLLBACK, TO_FIRST)
    await runner.drain(session.id)
    async with transaction() as opened:
        await opened.execute(delete(TrackingConfiguration))
        owner = await opened.get_one(SetupSession, session.id)
        waiting = await approvals.pending(opened, session.id)
        assert waiting is not None
        await approvals.decide(
            opened, owner, plan_hash=waiting.plan_hash, is_approved=True, actor="seller", now=clock.now()
        )
    await runner.drain(session.id)
    [_, decision] = await session.intents()
    assert (decision.state, decision.code) == (DONE, ConfigCode.VERSION_GONE)
    assert not await _handoffs(session)


async def _handoffs(session: Session) -> list[SetupHandoff]:
    async with transaction() as opened:
        query = select(SetupHandoff).where(col(SetupHandoff.session_id) == session.id)
        return list((await opened.scalars(query)).all())
