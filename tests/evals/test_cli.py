"""The command: a prompt edited by a word is red before anything is started, and says what to do."""

from datetime import date

import pytest
from typer.testing import CliRunner

from evals.agent import cli
from evals.agent import manifest as manifests
from evals.agent.cli import app
from evals.agent.manifest import Manifest
from tracking_core.settings import get_settings

RECORDED = Manifest(model="m", recorded=date(2026, 1, 2), prompts={"system": "before", "tools": "t"})


@pytest.fixture(autouse=True)
def _nothing_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nothing may be started")

    monkeypatch.setattr(cli, "servers", refuse)


def test_an_edited_prompt_is_red_and_says_which_and_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "read", lambda: RECORDED)
    monkeypatch.setattr(cli, "refs", lambda: {"system": "after", "tools": "t"})
    result = CliRunner().invoke(app, ["replay"])
    assert result.exit_code == 1
    assert "prompts/system.md changed" in result.output
    assert "make evals-record" in result.output


def test_without_recordings_a_replay_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "read", lambda: None)
    result = CliRunner().invoke(app, ["replay"])
    assert result.exit_code == 1
    assert "make evals-record" in result.output


@pytest.mark.parametrize("lane", ["record", "live"])
def test_without_a_model_there_is_nothing_to_ask(lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HUB_LLM_BASE_URL", "HUB_LLM_MODEL"):
        monkeypatch.setenv(name, "")
    get_settings.cache_clear()
    result = CliRunner().invoke(app, [lane])
    get_settings.cache_clear()
    assert result.exit_code == 1
    assert "HUB_LLM_BASE_URL" in result.output
