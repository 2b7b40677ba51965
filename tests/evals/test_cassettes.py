"""The recordings in the repository: whole, small, of scenarios there are, and without a secret."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.agent import manifest as manifests
from evals.agent import taping
from evals.agent.scenario import scenarios
from evals.agent.tape import FOLDER
from tracking_core.safety.scanner import mask

_BYTES_MAX = 5 * 1024 * 1024
_FILES = sorted(FOLDER.glob("*.yaml"))


def _interactions(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = taping.deserialize(path.read_text())["interactions"]
    return found


def test_every_scenario_that_asks_a_model_is_recorded() -> None:
    recorded = manifests.read()
    assert recorded is not None
    assert set(recorded.scenarios) == {one.id for one in scenarios() if not one.has_own_model}
    assert {path.stem for path in _FILES} <= set(recorded.scenarios)
    assert recorded.model


def test_they_are_small_together() -> None:
    assert 0 < sum(path.stat().st_size for path in _FILES) < _BYTES_MAX


@pytest.mark.parametrize("path", _FILES, ids=lambda one: one.stem)
def test_every_answer_is_whole(path: Path) -> None:
    found = _interactions(path)
    assert found
    for one in found:
        assert one["response"]["status"]["code"] == 200
        said = one["response"]["body"]["string"]
        data = taping.chunks_of(said)
        assert data[-1] == "[DONE]"
        assert any('"delta"' in chunk for chunk in data)


@pytest.mark.parametrize("path", _FILES, ids=lambda one: one.stem)
def test_no_secret_is_in_it(path: Path) -> None:
    text = path.read_text()
    for header in ("authorization", "api-key", "cookie", "x-stainless"):
        assert header not in text.lower()
    for one in yaml.safe_load(text)["interactions"]:
        for message in one["request"]["json"]["messages"]:
            said = message.get("content")
            assert not isinstance(said, str) or mask(said) == said
