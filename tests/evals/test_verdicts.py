"""When a lane is red, and what a baseline is compared with."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evals.agent import results, verdicts
from evals.agent.evaluators import JUDGES
from evals.agent.manifest import Manifest, Recorded, changes, read, write
from evals.agent.report import render, write_report
from evals.agent.results import Baseline, Check, Kept, Run, compared, counts, read_baseline
from evals.agent.scenario import chosen
from evals.agent.scoreboard import scoreboard
from evals.agent.stats import Count

NAMES = [type(one).__name__ for one in JUDGES]
TODAY = date(2026, 1, 2)


def _run(scenario: str = "hotmart-step-by-step", number: int = 1, *, failed: str = "", **more: Any) -> Run:
    checks = {name: Check(passed=name != failed, why="why" if name == failed else None) for name in NAMES}
    said = {"scenario": scenario, "group": "happy", "number": number, "checks": checks, "end": "e", "completed": True}
    return Run.model_validate({**said, "calls": 3, "input_tokens": 900, "output_tokens": 30, "seconds": 2.0, **more})


def _manifest(**scenarios: Recorded) -> Manifest:
    kept = {name.replace("_", "-"): one for name, one in scenarios.items()}
    return Manifest(model="m", recorded=TODAY, prompts={"system": "1", "tools": "t"}, scenarios=kept)


RIGHT = _manifest(hotmart_step_by_step=Recorded(end="e", passed=True))


@pytest.mark.parametrize("name", NAMES)
def test_in_basic_mode_every_judge_must_be_content(name: str) -> None:
    assert verdicts.of_scripted([_run()]) == []
    assert verdicts.of_scripted([_run(failed=name)]) == [f"hotmart-step-by-step: {name}: why"]


def test_what_could_not_be_judged_is_red() -> None:
    assert verdicts.of_scripted([_run(error="it broke")]) == ["hotmart-step-by-step: it broke"]


def test_what_rules_answered_is_no_recording() -> None:
    assert verdicts.of_record([_run(), _run(fallbacks=["unusable"])]) == []
    assert verdicts.of_record([_run(fallbacks=["refused", "refused"])]) == [
        "hotmart-step-by-step: the model was not there (refused)"
    ]
    assert verdicts.of_record([_run(error="it broke")]) == ["hotmart-step-by-step: it broke"]


def test_a_replay_like_the_recording_is_green() -> None:
    assert verdicts.of_replay([_run()], chosen("happy"), RIGHT) == []


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (_run(failed="Replayed"), "make evals-record"),
        (_run(failed="NoSecretOut"), "NoSecretOut: why"),
        (_run(failed="FactsTold"), "FactsTold: why"),
        (_run(end="other"), "does not end as it did"),
        (_run(error="it broke"), "it broke"),
        (_run("kiwify-step-by-step"), "not recorded"),
    ],
)
def test_a_replay_unlike_the_recording_is_red(run: Run, said: str) -> None:
    (line,) = verdicts.of_replay([run], chosen("happy"), RIGHT)
    assert said in line


def test_what_failed_when_it_was_recorded_may_fail_again_but_must_be_safe() -> None:
    failed = _manifest(hotmart_step_by_step=Recorded(end="e", passed=False))
    assert verdicts.of_replay([_run(failed="Ends")], chosen("happy"), failed) == []
    assert verdicts.of_replay([_run(failed="OnlyApproved")], chosen("happy"), failed)


def test_a_changed_prompt_is_named() -> None:
    assert changes(RIGHT, {"system": "1", "tools": "t"}) == []
    (changed,) = changes(RIGHT, {"system": "2", "tools": "t"})
    assert "prompts/system.md changed" in changed
    (new,) = changes(RIGHT, {"system": "1", "tools": "t", "playbooks/meta_ok": "1"})
    assert "prompts/playbooks/meta_ok.md is new" in new
    (gone,) = changes(RIGHT, {"tools": "t"})
    assert "prompts/system.md is gone" in gone
    (tools,) = changes(RIGHT, {"system": "1", "tools": "u"})
    assert "toolbox" in tools


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "kept" / "manifest.json"
    assert read(path) is None
    write(RIGHT, path)
    assert read(path) == RIGHT


def test_a_lost_majority_is_told_and_only_the_unsafe_is_red() -> None:
    baseline = Baseline(model="m", made=TODAY, repeat=2, temperature=0.0, scenarios={"hotmart-step-by-step": (2, 2)})
    runs = [_run(number=1, failed="Ends"), _run(number=2, failed="Ends")]
    hard, soft = verdicts.of_live(scoreboard(runs, baseline))
    assert hard == []
    assert "hotmart-step-by-step" in soft[0]
    hard, _ = verdicts.of_live(scoreboard([_run(failed="NoSecretOut")], baseline))
    assert hard == ["not safe: hotmart-step-by-step"]


def test_only_what_both_know_is_compared() -> None:
    baseline = Baseline(model="m", made=TODAY, repeat=2, temperature=0.0, scenarios={"a": (2, 2), "b": (0, 2)})
    assert compared({"a": Count(0, 2), "b": Count(2, 2), "c": Count(0, 2)}, baseline) == (["a"], ["b"])


def test_an_evaluation_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    kept = Kept(path, is_resumed=False)
    kept.add(_run(number=1))
    again = Kept(path, is_resumed=True)
    assert again.runs == [_run(number=1)]
    assert again.has("hotmart-step-by-step", 1)
    assert not again.has("hotmart-step-by-step", 2)
    assert Kept(path, is_resumed=False).runs == []


def test_a_baseline_keeps_what_basic_mode_came_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "baseline.json"
    monkeypatch.setattr(results.read_baseline, "__defaults__", (path,))
    monkeypatch.setattr(results.write_baseline, "__defaults__", (path,))
    results.update_baseline([_run()], "m", 1, 0.0, is_basic=False, today=TODAY)
    results.update_baseline([_run(failed="Ends")], "basic", 1, 0.0, is_basic=True, today=TODAY)
    results.update_baseline([_run(), _run(number=2)], "m2", 2, 0.0, is_basic=False, today=TODAY)
    kept = read_baseline(path)
    assert kept is not None
    assert (kept.model, kept.scenarios) == ("m2", {"hotmart-step-by-step": (2, 2)})
    assert kept.basic == {"hotmart-step-by-step": (0, 1)}


def test_the_scoreboard_counts_by_group_and_by_scenario() -> None:
    runs = [_run(number=1), _run(number=2, failed="Ends"), _run("wants-a-person", group="people", completed=False)]
    board = scoreboard(runs, None)
    rows = {row["group"]: row for row in board["groups"]}
    assert (rows["happy"]["passed"], rows["happy"]["runs"], rows["all"]["runs"]) == (1, 2, 3)
    assert rows["happy"]["pass_hat"] == {"1": 0.5, "2": 0.0}
    assert board["cost"]["per_completed"]["calls"] == 3
    assert board["cost"]["completed"] == 1
    assert board["scenarios"][0]["is_unsteady"]
    assert board["safety"]["unsafe"] == []
    assert counts(runs)["hotmart-step-by-step"] == Count(1, 2)


def test_the_report_is_one_file_that_escapes_what_people_wrote(tmp_path: Path) -> None:
    runs = [_run(failed="Ends", conversation=[("seller", "<script>alert(1)</script>")])]
    facts = {"model": "m", "repeat": 1, "temperature": 0.0, "made": "2026-01-02"}
    html = render(scoreboard(runs, None), facts)
    assert "&lt;script&gt;alert(1)" in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")
    assert write_report(tmp_path, "m", scoreboard(runs, None), facts).read_text() == html
