"""The lanes: the same scenarios answered by rules, by a recording, or by a model, and judged alike."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_evals import Case, Dataset
from pydantic_evals.lifecycle import CaseLifecycle
from pydantic_evals.reporting import ReportCase, ReportCaseFailure

from evals.agent.evaluators import JUDGES
from evals.agent.evidence import Evidence
from evals.agent.playing import How, play
from evals.agent.results import Run, run_of
from evals.agent.scenario import Scenario
from evals.agent.world import World

Heard = Callable[[Run], None]
_Case = Case[Scenario, Evidence, None]


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of one scenario."""

    scenario: Scenario
    number: int
    how: How


@dataclass(slots=True)
class Lane:
    """Plays what is planned, one after the other: they share the vendors. ``heard`` is told of each run as it ends."""

    world: World
    heard: Heard = lambda _run: None
    runs: list[Run] = field(default_factory=list)

    async def run(self, planned: Iterable[Planned]) -> list[Run]:
        for number, some in _by_number(planned):
            await self._evaluate(number, some)
        return self.runs

    async def _evaluate(self, number: int, planned: Sequence[Planned]) -> None:
        how = {one.scenario.id: one.how for one in planned}
        lane = self

        class Told(CaseLifecycle[Scenario, Evidence, None]):
            async def teardown(self, result: Any) -> None:
                if isinstance(result, ReportCase | ReportCaseFailure):
                    run = run_of(self.case.inputs, number, result)
                    lane.runs.append(run)
                    lane.heard(run)

        async def task(scenario: Scenario) -> Evidence:
            return await play(lane.world, scenario, how[scenario.id])

        cases: list[_Case] = [Case(name=one.scenario.id, inputs=one.scenario) for one in planned]
        dataset = Dataset[Scenario, Evidence, None](name="setup agent", cases=cases, evaluators=JUDGES)
        await dataset.evaluate(task, max_concurrency=1, progress=False, lifecycle=Told)


def _by_number(planned: Iterable[Planned]) -> Iterator[tuple[int, list[Planned]]]:
    """Every scenario once, then every one again: an evaluation that is ended early has runs of all."""
    by_number: dict[int, list[Planned]] = {}
    for one in planned:
        by_number.setdefault(one.number, []).append(one)
    yield from sorted(by_number.items())
