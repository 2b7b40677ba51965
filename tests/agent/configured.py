"""A session whose Hotmart configuration is in use, as its seller left it."""

from uuid import UUID

import pytest
from sqlalchemy import text

from agent.setup.runner import Runner
from tests.agent.conftest import Session
from tests.configuration.world import UNPROVED, VALUES, facts, hotmart_fact
from tracking_core.configuration.apply import apply_action
from tracking_core.configuration.current import read_current
from tracking_core.configuration.plan import make_plan
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.models import SecretKind, SessionState, SetupApproval, SetupSession
from tracking_core.secrets import vault
from tracking_core.setup import approvals
from tracking_core.setup.outcome import Stage
from tracking_core.setup.projection import StageStatus
from tracking_core.tenants import service as tenants


async def kept(session: Session, kind: SecretKind, value: str) -> str:
    """The reference of a credential of the session."""
    async with transaction() as opened:
        tenant, now = await tenants.get(opened, session.tenant_id), clock.now()
        stored = await vault.put(
            opened, tenant=tenant, kind=kind, value=value, actor="test", session_id=session.id, now=now
        )
        if kind is not UNPROVED:
            await opened.flush()
            await vault.verify(opened, stored.reference, tenant_id=tenant.id, actor="test", now=now)
    return stored.reference


@pytest.fixture
async def configured(session: Session, runner: Runner) -> Session:
    refs = {name: await kept(session, *value) for name, value in VALUES.items()}
    known = facts(hotmart_fact(refs), refs)
    async with transaction() as opened:
        owner = await opened.get_one(SetupSession, session.id)
        owner.facts, owner.state = known.to_json(), SessionState.DONE
        owner.stages = {stage.value: {"status": StageStatus.VERIFIED.value} for stage in Stage}
        plan = make_plan(known, await read_current(opened, session.tenant_id))
    for number in range(len(plan.actions)):
        assert (await apply_action(runner.context(owner, owner.fence).applying(), plan, number)).is_success
    return session


async def waiting(session: Session) -> SetupApproval | None:
    async with transaction() as opened:
        return await approvals.pending(opened, session.id)


async def ask(session: Session, runner: Runner, kind: str, **payload: object) -> str | None:
    """The code of what it came to."""
    await session.ask(kind, payload)
    await runner.drain(session.id)
    return (await session.intents())[-1].code


async def approve(session: Session, runner: Runner) -> str | None:
    """The code of what it came to."""
    plan = await waiting(session)
    assert plan is not None
    async with transaction() as opened:
        owner = await opened.get_one(SetupSession, session.id)
        await approvals.decide(
            opened, owner, plan_hash=plan.plan_hash, is_approved=True, actor="seller", now=clock.now()
        )
    await runner.drain(session.id)
    return (await session.intents())[-1].code


async def change(statement: str, tenant_id: UUID) -> None:
    """By another hand."""
    async with transaction() as opened:
        await opened.execute(text(statement), {"tenant": tenant_id, "now": clock.now()})
