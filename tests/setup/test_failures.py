"""Failures are counted by step and by what failed, once for each intent, until the step goes well."""

from uuid import UUID

from tests.setup.conftest import Setup
from tracking_core.db.engine import transaction
from tracking_core.kit import clock
from tracking_core.kit.ids import new_id
from tracking_core.models import SetupSession
from tracking_core.setup import failures


async def _count(setup: Setup, step: str, fingerprint: str, intent_id: UUID | None = None) -> int:
    async with transaction() as session:
        row = await session.get_one(SetupSession, setup.session_id)
        return await failures.count(
            session, row, step=step, fingerprint=fingerprint, intent_id=intent_id or new_id(), now=clock.now()
        )


async def test_the_same_failure_adds_up_and_another_begins_anew(setup: Setup) -> None:
    assert [await _count(setup, "meta", "meta_token_expired") for _ in range(3)] == [1, 2, 3]
    assert await _count(setup, "meta", "meta_token_invalid") == 1
    assert await _count(setup, "gateway", "meta_token_expired") == 1
    async with transaction() as session:
        assert await failures.total(session, setup.session_id) == 5


async def test_a_node_that_runs_again_counts_its_intent_once(setup: Setup) -> None:
    intent = new_id()
    assert [await _count(setup, "meta", "meta_token_expired", intent) for _ in range(3)] == [1, 1, 1]


async def test_a_step_that_went_well_starts_from_nothing(setup: Setup) -> None:
    await _count(setup, "meta", "meta_token_expired")
    await _count(setup, "gateway", "gateway_wrong_credentials")
    async with transaction() as session:
        await failures.clear(session, setup.session_id, "meta")
    assert await _count(setup, "meta", "meta_token_expired") == 1
    assert await _count(setup, "gateway", "gateway_wrong_credentials") == 2
