"""Every scenario with rules alone: no model, no key, no network. And the cassettes there are."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from evals.agent import manifest as manifests
from evals.agent.answering import Model
from evals.agent.lanes import Lane, Planned
from evals.agent.playing import How
from evals.agent.scenario import Scenario, scenarios
from evals.agent.servers import Ports, servers
from evals.agent.world import World, running
from tests.conftest import KEYS
from tracking_core.settings import Settings


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[Settings, Ports]]:
    with servers({"HUB_SECRETS_KEYS": KEYS}) as made:  # this process remembers the keys of the tests before
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(made: tuple[Settings, Ports]) -> AsyncIterator[World]:
    async with running(*made) as world:
        yield world


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.id)
async def test_basic_mode_comes_to_the_right_end(world: World, scenario: Scenario) -> None:
    (run,) = await Lane(world).run([Planned(scenario, 1, How(model=Model.nobody()))])
    assert run.is_clean, "\n".join([*run.problems, *(f"{who}: {text}" for who, text in run.conversation)])
    recorded = manifests.read()
    if scenario.is_same_without_model and recorded and (before := recorded.scenarios.get(scenario.id)):
        assert not before.passed or before.end == run.end, "a model came to another end"
