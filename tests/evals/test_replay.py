"""Record and replay through the whole hub: the same conversation needs no model a second time, and a prompt edited by
one word is a miss that nothing hides, not even the rules that answer for a dead model."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from agent.chat.prompting import SYSTEM
from agent.prompts.files import loaded
from evals.agent.answering import Model
from evals.agent.lanes import Lane, Planned
from evals.agent.playing import How
from evals.agent.results import Run
from evals.agent.scenario import Scenario
from evals.agent.serving import simulator
from evals.agent.tape import Use
from evals.agent.world import World
from evals.simulators.llm.app import create_app
from evals.simulators.llm.state import Answer, State
from tracking_core.embedded.process import free_port

SCENARIO = Scenario.model_validate(
    {
        "id": "recorded-by-a-test",
        "group": "page",
        "about": "The seller talks, and has the page looked at.",
        "script": [
            {"say": "que bom falar com você hoje"},
            {"say": "olha a minha página: {page}", "until": {"url": "verified"}},
            {"say": "nossa, que rápido, gostei muito"},
        ],
        "expect": {"state": "awaiting_seller", "stages": {"url": "verified"}, "modes": ["ai"]},
    }
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(world: World) -> AsyncIterator[tuple[State, Model]]:
    """Any endpoint of the compatible kind."""
    state, port = State(), free_port()
    settings = world.settings.model_copy(update={"llm_base_url": f"http://127.0.0.1:{port}/v1", "llm_model": "m"})
    async with simulator(create_app(state), port):
        yield state, Model.of(settings, seed=0, temperature=0.0)


async def _run(world: World, model: Model, use: Use, folder: Path) -> Run:
    (run,) = await Lane(world).run([Planned(SCENARIO, 1, How(model=model, use=use, folder=folder))])
    return run


async def _recorded(world: World, endpoint: tuple[State, Model], folder: Path) -> Run:
    state, model = endpoint
    state.reset()
    state.say("Bom falar com você também: vamos começar pela sua plataforma.")
    state.usual = Answer(text="Agora faltam as credenciais da sua plataforma.")
    return await _run(world, model, Use.RECORD, folder)


async def test_what_was_recorded_is_played_again(world: World, endpoint: tuple[State, Model], tmp_path: Path) -> None:
    recorded = await _recorded(world, endpoint, tmp_path)
    assert recorded.is_clean, recorded.problems
    asked = len(endpoint[0].bodies)
    again = await _run(world, Model.recorded("m"), Use.REPLAY, tmp_path)
    assert again.is_clean, again.problems
    assert (again.end, again.calls, again.fallbacks) == (recorded.end, recorded.calls, [])
    assert recorded.calls >= 2
    assert len(endpoint[0].bodies) == asked


async def test_a_prompt_edited_by_one_word_is_a_miss(
    world: World, endpoint: tuple[State, Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await _recorded(world, endpoint, tmp_path)).is_clean
    before = loaded(SYSTEM)
    edited = replace(before, text=before.text.replace("vendedor", "freguês", 1))
    assert edited.text != before.text
    monkeypatch.setattr("agent.chat.prompting.loaded", lambda _name: edited)
    again = await _run(world, Model.recorded("m"), Use.REPLAY, tmp_path)
    assert not again.checks["Replayed"].passed
    assert "freguês" in (again.checks["Replayed"].why or "")
    assert again.fallbacks == []
    assert not again.reward


async def test_an_answer_that_nobody_asked_for_is_told(
    world: World, endpoint: tuple[State, Model], tmp_path: Path
) -> None:
    assert (await _recorded(world, endpoint, tmp_path)).is_clean
    shorter = SCENARIO.model_copy(update={"script": SCENARIO.script[:2]})
    how = How(model=Model.recorded("m"), use=Use.REPLAY, folder=tmp_path)
    (run,) = await Lane(world).run([Planned(shorter, 1, how)])
    assert run.problems == ["Replayed: 1 recorded answers were never asked for"]
