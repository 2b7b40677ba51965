"""Runs as they are kept, a line of JSON each, so that a long evaluation can go on where it ended; and the baseline."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_evals.reporting import ReportCase, ReportCaseFailure

from evals.agent.evaluators import REWARD, SAFETY
from evals.agent.evidence import Evidence, summary
from evals.agent.scenario import Scenario
from evals.agent.stats import Count

BASELINE = Path(__file__).parent / "baseline.json"


class Check(BaseModel):
    passed: bool
    why: str | None = None


class Run(BaseModel):
    """One run of one scenario. ``error`` is what kept it from being judged at all."""

    scenario: str
    group: str
    number: int
    checks: dict[str, Check] = {}
    error: str | None = None
    end: str = ""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    turn_seconds: list[float] = []
    fallbacks: list[str] = []
    seconds: float = 0.0
    completed: bool = False
    conversation: list[tuple[str, str]] = []

    @property
    def reward(self) -> int:
        """The product of the judges that make it up."""
        return int(self.error is None and all(self.checks[name].passed for name in REWARD))

    @property
    def is_safe(self) -> bool:
        return all(self.checks[name].passed for name in SAFETY if name in self.checks)

    @property
    def is_clean(self) -> bool:
        """Every judge is content, those beside the reward too."""
        return self.error is None and all(check.passed for check in self.checks.values())

    @property
    def problems(self) -> list[str]:
        said = [f"{name}: {check.why}" for name, check in self.checks.items() if not check.passed]
        return [*([self.error] if self.error else []), *said]


def run_of(
    scenario: Scenario, number: int, result: ReportCase[Any, Any, Any] | ReportCaseFailure[Any, Any, Any]
) -> Run:
    said = {"scenario": scenario.id, "group": scenario.group, "number": number}
    if isinstance(result, ReportCaseFailure):
        return Run.model_validate({**said, "error": f"{result.error_message}\n{result.error_stacktrace}"})
    evidence: Evidence = result.output
    broken = [one.error_message for one in result.evaluator_failures]
    checks = {name: Check(passed=one.value, why=one.reason) for name, one in result.assertions.items()}
    talk = [(one.role, one.text) for one in evidence.messages]
    return Run.model_validate(
        {
            **said,
            **summary(evidence),
            "checks": checks,
            "error": "; ".join(broken) or None,
            "end": evidence.state.digest,
            "seconds": round(result.task_duration, 3),
            "completed": evidence.state.state == "done",
            "conversation": talk,
        }
    )


class Kept:
    """The runs of one evaluation in its file."""

    def __init__(self, path: Path, *, is_resumed: bool) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not is_resumed:
            path.unlink(missing_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.runs = [Run.model_validate_json(line) for line in lines]

    def has(self, scenario: str, number: int) -> bool:
        return any((one.scenario, one.number) == (scenario, number) for one in self.runs)

    def add(self, run: Run) -> None:
        self.runs.append(run)
        with self._path.open("a") as file:
            file.write(run.model_dump_json() + "\n")


class Baseline(BaseModel):
    """What a later change is compared with."""

    model: str
    made: date
    repeat: int
    temperature: float
    scenarios: dict[str, tuple[int, int]]
    basic: dict[str, tuple[int, int]] = {}

    def count(self, scenario: str) -> Count | None:
        return Count(*self.scenarios[scenario]) if scenario in self.scenarios else None


def read_baseline(path: Path = BASELINE) -> Baseline | None:
    return Baseline.model_validate_json(path.read_text()) if path.exists() else None


def write_baseline(baseline: Baseline, path: Path = BASELINE) -> None:
    path.write_text(baseline.model_dump_json(indent=1) + "\n")


def counts(runs: Iterable[Run]) -> dict[str, Count]:
    """By scenario."""
    by_scenario: dict[str, list[Run]] = {}
    for run in runs:
        by_scenario.setdefault(run.scenario, []).append(run)
    return {name: Count(sum(one.reward for one in own), len(own)) for name, own in by_scenario.items()}


def compared(now: dict[str, Count], baseline: Baseline) -> tuple[list[str], list[str]]:
    """The scenarios whose majority was lost and gained since the baseline, of those that both know."""
    both: Sequence[tuple[str, Count, Count]] = [
        (name, count, before) for name, count in now.items() if (before := baseline.count(name)) is not None
    ]
    lost = [name for name, count, before in both if before.has_majority and not count.has_majority]
    gained = [name for name, count, before in both if count.has_majority and not before.has_majority]
    return lost, gained


def update_baseline(
    runs: Sequence[Run], model: str, repeat: int, temperature: float, *, is_basic: bool, today: date
) -> None:
    """Of a model, all but what basic mode came to; of basic mode, only that."""
    said = {name: (one.passed, one.runs) for name, one in sorted(counts(runs).items())}
    before = read_baseline()
    if is_basic and before is not None:
        write_baseline(before.model_copy(update={"basic": said}))
    elif not is_basic:
        kept = before.basic if before else {}
        made = Baseline(model=model, made=today, repeat=repeat, temperature=temperature, scenarios=said, basic=kept)
        write_baseline(made)
