"""``python -m evals.agent scripted | replay | record | live``."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agent.chat.prompting import refs
from evals.agent import manifest as manifests
from evals.agent import results, verdicts
from evals.agent.answering import Model
from evals.agent.lanes import Heard, Lane, Planned
from evals.agent.playing import How
from evals.agent.report import write_report
from evals.agent.results import Kept, Run
from evals.agent.scenario import Scenario, chosen
from evals.agent.scoreboard import ALL, scoreboard
from evals.agent.servers import servers
from evals.agent.tape import Use
from evals.agent.world import running
from tracking_core.kit import clock
from tracking_core.settings import Settings, get_settings

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console()
_OUT = Path(".hub") / "evals"
_NO_MODEL = "Set HUB_LLM_BASE_URL, HUB_LLM_API_KEY and HUB_LLM_MODEL to the endpoint to be asked."
Only = Annotated[str | None, typer.Option("--only", help="Groups or scenarios, comma-separated.")]


@app.command()
def scripted(only: Only = None) -> None:
    """Every scenario in basic mode: no model, no key, no network."""
    how = How(model=Model.nobody())
    runs = _played([Planned(one, 1, how) for one in chosen(only)])
    _end(verdicts.of_scripted(runs))


@app.command()
def replay(only: Only = None) -> None:
    """Every scenario with the recorded model: no key, no network."""
    recorded = manifests.read()
    if recorded is None:
        _end([f"nothing is recorded; record with `{manifests.AGAIN}`"])
        return
    if changed := manifests.changes(recorded, refs()):
        _end([*changed, f"Record again with `{manifests.AGAIN}`."])
    how = How(model=Model.recorded(recorded.model), use=Use.REPLAY)
    wanted = chosen(only)
    _end(verdicts.of_replay(_played([Planned(one, 1, how) for one in wanted]), wanted, recorded))


@app.command()
def record(only: Only = None) -> None:
    """Ask the model of the HUB_LLM_* settings once for every scenario, and keep what it answered."""
    settings, model = _model(seed=0, temperature=0.0)
    how = How(model=model, use=Use.RECORD)
    wanted = [one for one in chosen(only) if not one.has_own_model]
    runs = _played([Planned(one, 1, how) for one in wanted])
    if errors := verdicts.of_record(runs):
        _end(errors)
    _keep(settings, runs, is_all=only is None)
    _table(scoreboard(runs, None))
    _end([f"not safe: {run.scenario}: {'; '.join(run.problems)}" for run in runs if not run.is_safe])


@app.command()
def live(
    only: Only = None,
    repeat: Annotated[int, typer.Option(min=1, help="Runs of each scenario.")] = 4,
    seed_base: Annotated[int, typer.Option(help="The first run's seed; each next one has the next.")] = 1,
    temperature: Annotated[float | None, typer.Option(help="Of the model; at 0 every run may be the same.")] = None,
    basic: Annotated[bool, typer.Option(help="The same in basic mode, for comparison.")] = False,
    personas: Annotated[bool, typer.Option(help="Sellers with a persona are played by the model.")] = False,
    resume: Annotated[bool, typer.Option(help="Skip the runs that the last evaluation has kept.")] = False,
    update_baseline: Annotated[bool, typer.Option(help="Write evals/agent/baseline.json.")] = False,
) -> None:
    """Ask the model of the HUB_LLM_* settings, several times, and compare with the baseline."""
    named = get_settings()
    warmth = named.llm_temperature if temperature is None else temperature
    if not basic:
        _model(seed=0, temperature=warmth)
    planned = _planned(named, chosen(only), repeat, seed_base, warmth, is_basic=basic, is_played=personas)
    name = "basic" if basic else named.llm_model.replace("/", "_")
    kept = Kept(_OUT / f"{name}.jsonl", is_resumed=resume)
    _played([one for one in planned if not kept.has(one.scenario.id, one.number)], kept.add)
    runs = [run for run in kept.runs if run.number <= repeat and run.scenario in {one.scenario.id for one in planned}]
    board = scoreboard(runs, None if basic else results.read_baseline())
    facts = {"model": name, "repeat": repeat, "temperature": warmth, "made": clock.now().isoformat()}
    console.print(f"Report: {write_report(_OUT, name, board, facts)}")
    _table(board)
    if update_baseline:
        results.update_baseline(runs, name, repeat, warmth, is_basic=basic, today=clock.now().date())
    hard, soft = verdicts.of_live(board)
    for line in soft:
        console.print(f"[yellow]{line}[/]")
    _end(hard)


def _planned(
    settings: Settings,
    scenarios: Sequence[Scenario],
    repeat: int,
    seed_base: int,
    temperature: float,
    *,
    is_basic: bool,
    is_played: bool,
) -> list[Planned]:
    def how(number: int) -> How:
        if is_basic:
            return How(model=Model.nobody())
        model = Model.of(settings, seed=seed_base + number - 1, temperature=temperature)
        return How(model=model, use=Use.LISTEN, is_played=is_played, folder=_OUT)

    return [Planned(one, number, how(number)) for number in range(1, repeat + 1) for one in scenarios]


def _model(*, seed: int, temperature: float) -> tuple[Settings, Model]:
    settings = get_settings()
    if not (settings.llm_base_url and settings.llm_model):
        _end([_NO_MODEL])
    return settings, Model.of(settings, seed=seed, temperature=temperature)


def _played(planned: Sequence[Planned], keep: Heard = lambda _run: None) -> list[Run]:
    """In a world of its own; each run is told as it ends."""
    numbers: Iterator[int] = iter(range(1, len(planned) + 1))

    def heard(run: Run) -> None:
        keep(run)
        word = "[green]ok[/]" if run.is_clean else ("[yellow]ok, but[/]" if run.reward else "[red]failed[/]")
        console.print(f"{next(numbers)}/{len(planned)} {run.scenario} {word} {run.seconds:.1f} s {run.calls} calls")
        for problem in run.problems:
            console.print(f"    {problem}", style="dim", markup=False)

    async def work(settings: Settings, ports: Any) -> list[Run]:
        async with running(settings, ports) as world:
            return await Lane(world, heard).run(planned)

    if not planned:
        return []
    with servers() as (settings, ports):
        return asyncio.run(work(settings, ports))


def _keep(settings: Settings, runs: Sequence[Run], *, is_all: bool) -> None:
    """The manifest; of a part of the scenarios, the others stay as they were recorded."""
    known = manifests.read()
    before = {} if is_all or known is None else known.scenarios
    recorded = {run.scenario: manifests.Recorded(end=run.end, passed=bool(run.reward)) for run in runs}
    manifests.write(manifests.made(settings.llm_model, clock.now().date(), {**before, **recorded}))


def _table(board: dict[str, Any]) -> None:
    table = Table("group", "scenarios", "runs", "pass^1", "95 %", "pass^k")
    for row in board["groups"]:
        hats = row["pass_hat"]
        last = max(hats, key=int, default=None)
        share = f"{100 * (hats.get('1') or 0):.0f} %"
        most = f"^{last} {100 * (hats[last] or 0):.0f} %" if last else ""
        between = f"{100 * row['low']:.0f}–{100 * row['high']:.0f}"
        style = "bold" if row["group"] == ALL else None
        table.add_row(row["group"], str(row["scenarios"]), str(row["runs"]), share, between, most, style=style)
    console.print(table)
    console.print(f"Per completed setup: {board['cost']['per_completed']}")


def _end(problems: Sequence[str]) -> None:
    """Say what is wrong and exit 1, if anything is."""
    if problems:
        for line in problems:
            console.print(line, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def main() -> None:
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    app()
