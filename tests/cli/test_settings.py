"""Which of what is said somewhere a process goes by: the environment, a running `hub up`, the `.env` file."""

import json
import os
from pathlib import Path

import pytest

from api.cli.up import said
from tracking_core.errors import ConfigurationError
from tracking_core.settings import SaidSettings, Settings
from tracking_core.settings_sources import RUNTIME_FILE, read_settings

_NOBODY = 2**22 + 1  # beyond the largest number of a process
_FILE = """
HUB_DATABASE_URL=postgresql+psycopg://hub@db.example/hub
HUB_REDIS_URL=
HUB_PORT=8000
HUB_DATA_DIR=kept
HUB_SECRETS_KEYS=k2026:of-the-file
HUB_TRUSTED_PROXIES=["10.0.0.0/8"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a command is typed."""
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(_FILE)
    (tmp_path / "kept").mkdir()
    return tmp_path


def _runs(folder: Path, pid: int) -> None:
    known = {"port": 9000, "redis_url": "redis://127.0.0.1:63790/0", "secrets_keys": "k1:of-the-hub", "pid": pid}
    (folder / "kept" / RUNTIME_FILE).write_text(json.dumps(known))


def test_the_environment_wins_over_a_hub_that_runs_and_that_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _runs(folder, os.getpid())
    read = Settings()
    assert (read.port, read.redis_url) == (9000, "redis://127.0.0.1:63790/0")
    assert read.database_url == "postgresql+psycopg://hub@db.example/hub"
    assert read.secrets_keys.get_secret_value() == "k1:of-the-hub"
    monkeypatch.setenv("HUB_PORT", "7000")
    monkeypatch.setenv("HUB_DATABASE_URL", "")
    assert (Settings().port, Settings().database_url) == (7000, "")


def test_of_a_hub_that_was_killed_nothing_counts(folder: Path) -> None:
    _runs(folder, _NOBODY)
    assert (Settings().port, Settings().redis_url) == (8000, "")


def test_a_starting_hub_goes_by_the_file_and_hands_on_what_was_said_but_no_secret(folder: Path) -> None:
    _runs(folder, os.getpid())
    read = read_settings(SaidSettings, port=9100)
    assert read.secrets_keys.get_secret_value() == "k2026:of-the-file"
    assert said(read) == {
        "database_url": "postgresql+psycopg://hub@db.example/hub",
        "port": 9100,
        "trusted_proxies": ["10.0.0.0/8"],
    }


def test_a_hub_in_production_wants_its_address_and_a_wrong_setting_is_named_without_its_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_ENVIRONMENT", "production")
    with pytest.raises(ConfigurationError, match=r"^HUB_PUBLIC_URL is needed in production: "):
        read_settings(Settings)
    assert read_settings(Settings, public_url="https://hub.example/").base_url == "https://hub.example"
    monkeypatch.setenv("HUB_ENVIRONMENT", "testing")
    monkeypatch.setenv("HUB_SMTP_PORT", "a-secret")
    with pytest.raises(ConfigurationError, match=r"^HUB_SMTP_PORT: ") as refused:
        read_settings(Settings)
    assert "a-secret" not in str(refused.value)
