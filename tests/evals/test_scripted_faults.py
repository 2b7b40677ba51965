"""Scenarios with rules alone, without a model, a key or a network: faults, secrets, injections, limits, dead models."""

import pytest

from evals.agent.scenario import Scenario
from evals.agent.world import World
from tests.evals.conftest import drawn, played_by_rules


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("scenario", drawn(are_setups=False), ids=lambda one: one.id)
async def test_it_comes_to_the_right_end(world: World, scenario: Scenario) -> None:
    await played_by_rules(world, scenario)
