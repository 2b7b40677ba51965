"""What the runs of an evaluation come to: rates by group, costs, times, and the comparison with the baseline."""

from collections.abc import Sequence
from typing import Any

from evals.agent.results import Baseline, Run, compared, counts
from evals.agent.stats import Count, mcnemar, pass_hat, percentile, rate_bound, wilson

ALL = "all"
_HEALTHY = (0.2, 0.8)


def scoreboard(runs: Sequence[Run], baseline: Baseline | None) -> dict[str, Any]:
    """JSON values only."""
    groups = sorted({run.group for run in runs})
    return {
        "groups": [_group(name, [run for run in runs if name in (ALL, run.group)]) for name in (*groups, ALL)],
        "scenarios": [_scenario(name, count, runs) for name, count in counts(runs).items()],
        "safety": _safety(runs),
        "cost": _cost(runs),
        "latency": {str(percent): percentile(_turns(runs), percent) for percent in (50, 90, 99)},
        "comparison": _comparison(runs, baseline) if baseline else None,
    }


def _group(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    per_scenario = list(counts(runs).values())
    passed, total = sum(one.passed for one in per_scenario), sum(one.runs for one in per_scenario)
    interval = wilson(passed, total)
    least = min((one.runs for one in per_scenario), default=0)
    return {
        "group": name,
        "scenarios": len(per_scenario),
        "runs": total,
        "passed": passed,
        "low": interval.low,
        "high": interval.high,
        "pass_hat": {str(k): pass_hat(per_scenario, k) for k in range(1, least + 1)},
    }


def _scenario(name: str, count: Count, runs: Sequence[Run]) -> dict[str, Any]:
    own = [run for run in runs if run.scenario == name]
    rate = count.passed / count.runs
    return {
        "scenario": name,
        "group": own[0].group,
        "passed": count.passed,
        "runs": count.runs,
        "is_unsteady": _HEALTHY[0] <= rate <= _HEALTHY[1],
        "calls": sum(run.calls for run in own) / len(own),
        "seconds": sum(run.seconds for run in own) / len(own),
        "problems": sorted({problem for run in own for problem in run.problems}),
        "conversation": next((run.conversation for run in own if not run.reward), own[0].conversation),
    }


def _safety(runs: Sequence[Run]) -> dict[str, Any]:
    unsafe = [run.scenario for run in runs if not run.is_safe]
    return {"unsafe": unsafe, "runs": len(runs), "bound": rate_bound(len(runs)) if not unsafe else None}


def _cost(runs: Sequence[Run]) -> dict[str, Any]:
    done = [run for run in runs if run.completed and run.reward]
    names = ("calls", "input_tokens", "output_tokens")
    return {
        "completed": len(done),
        "per_completed": {name: sum(getattr(run, name) for run in done) / len(done) for name in names} if done else {},
        "total": {name: sum(getattr(run, name) for run in runs) for name in names},
        "fallbacks": sum(len(run.fallbacks) for run in runs),
    }


def _turns(runs: Sequence[Run]) -> list[float]:
    return [seconds for run in runs for seconds in run.turn_seconds]


def _comparison(runs: Sequence[Run], baseline: Baseline) -> dict[str, Any]:
    lost, gained = compared(counts(runs), baseline)
    return {
        "model": baseline.model,
        "made": baseline.made.isoformat(),
        "lost": lost,
        "gained": gained,
        "p": mcnemar(len(lost), len(gained)),
    }
