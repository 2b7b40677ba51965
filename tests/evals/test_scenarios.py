"""The scenarios themselves: enough of them, of every kind, and each names only what its cast has."""

from collections import Counter

import pytest

from evals.agent.cast import cast_of
from evals.agent.scenario import Scenario, chosen, scenarios
from tracking_core.setup.outcome import Stage

LEAST = 60
_GROUPS = {
    "happy",
    "meta",
    "gateway",
    "page",
    "secrets",
    "injection",
    "people",
    "style",
    "traffic",
    "vendors",
    "model",
    "undo",
    "limits",
    "pictures",
}


def _texts(scenario: Scenario) -> list[str]:
    steps = [
        [step.say or "", step.show or "", step.sale or "", *step.together, *(step.nudges or [])]
        for step in scenario.script
    ]
    told = [[fact] if isinstance(fact, str) else fact for fact in scenario.expect.told]
    knows = list(scenario.persona.knows.values()) if scenario.persona else []
    return [text for texts in (*steps, *told, scenario.expect.untold, knows) for text in texts]


def test_there_are_enough_of_every_kind() -> None:
    groups = Counter(one.group for one in scenarios())
    assert groups.total() >= LEAST
    assert set(groups) == _GROUPS
    assert min(groups.values()) >= 4


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.id)
def test_its_texts_name_only_the_cast(scenario: Scenario) -> None:
    cast = cast_of(scenario.id)
    for text in _texts(scenario):
        cast.filled(text)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.id)
def test_it_expects_something_of_the_database(scenario: Scenario) -> None:
    stages = {stage.value for stage in Stage}
    assert set(scenario.expect.stages) <= stages
    assert scenario.expect.active is not None or scenario.expect.is_verified


def test_the_cast_is_the_same_in_every_run_and_another_in_every_scenario() -> None:
    one, again, other = cast_of("a"), cast_of("a"), cast_of("b")
    assert (one.words, one.secrets) == (again.words, again.secrets)
    assert not set(one.secrets.values()) & set(other.secrets.values())
    assert one["dataset"] != other["dataset"]
    assert len(one["dataset"]) == 15
    assert one["token_start"] + one["token_end"] == one["token"]
    assert one["token_with_gaps"].replace("\u200b", "") == one["token"]
    assert one["token"] not in repr(one)


def test_groups_and_ids_are_chosen_and_a_strange_name_is_refused() -> None:
    assert {one.group for one in chosen("meta")} == {"meta"}
    assert [one.id for one in chosen("double-click")] == ["double-click"]
    assert chosen(None) == scenarios()
    with pytest.raises(ValueError, match="no scenario or group: no-such"):
        chosen("meta,no-such")
