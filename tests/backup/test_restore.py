"""Backups go dark for a tenant that is closed after they were made, and come back without it."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from api.cli import app
from api.cli.data_dir import its_database
from tests.conftest import KEYS
from tests.pipeline.conftest import Shop
from tests.reporting.conftest import ANA
from tracking_core.backup import programs
from tracking_core.embedded.keys import NAME as KEY_FILE
from tracking_core.errors import ConfigurationError
from tracking_core.settings import get_settings


@pytest.fixture
def empty(sold: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty database beside the one with the sales."""
    url = make_url(get_settings().session_database_url)
    there = url.set(database=f"{url.database}_back")
    with psycopg.connect(_plain(url.render_as_string(hide_password=False)), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{there.database}" TEMPLATE template0')
        yield there.render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{there.database}" WITH (FORCE)')


def test_a_tenant_closed_since_is_dark_in_every_backup_and_closed_after_a_restore(
    sold: Shop, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = Path(_hub("backup", "--to", str(tmp_path))["file"])
    with psycopg.connect(_plain(get_settings().session_database_url)) as connection:
        [key] = connection.execute("SELECT wrapped_data_key FROM tenants WHERE id = %s", [sold.tenant_id]).fetchall()[0]
    _hub("tenant", "close", "--tenant", str(sold.tenant_id), "--confirm", ANA)

    programs.run("pg_restore", f"--file={tmp_path / 'plain.sql'}", str(dump), url="postgresql://127.0.0.1:1/none")
    files = b"".join(one.read_bytes() for one in tmp_path.iterdir() if one.name != "hub-keys.json")
    assert str(sold.tenant_id).encode() in files
    assert key.hex().encode() not in files.lower()
    assert str(sold.tenant_id) in (tmp_path / "hub-keys.json").read_text()

    assert _hub("backup", "--to", str(tmp_path), "--keys-only")["keys"] == 0
    drilled = _hub("restore-drill", "--from", str(dump))
    assert drilled["is_green"], drilled
    said = {check["name"]: check["said"] for check in drilled["checks"]}
    assert said["closed tenants"] == "2 closed, nothing of theirs opens"

    monkeypatch.setenv("HUB_DATABASE_URL", empty)
    get_settings.cache_clear()
    assert _hub("restore", "--from", str(dump))["closed_again"] == [str(sold.tenant_id)]
    with psycopg.connect(_plain(empty)) as connection:
        rows = connection.execute("SELECT id, wrapped_data_key, closed_at IS NULL FROM tenants").fetchall()
        assert [bytes(row[1]) for row in rows] == [b"", b""]
        assert not any(row[2] for row in rows)
        assert connection.execute("SELECT count(*) FROM conversions").fetchall() == [(3,)]
    again = CliRunner().invoke(app, ["restore", "--from", str(dump)])
    assert isinstance(again.exception, ConfigurationError)
    assert "is not empty" in str(again.exception)


def test_a_stopped_hub_with_its_own_postgresql_gets_its_backup_back_and_is_told_of_a_lost_key(
    sold: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not under pytest's own folder: it closes that to other users, and as root PostgreSQL runs as one.
    with tempfile.TemporaryDirectory(prefix="hub-back-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        home, backups = Path(folder) / "hub", Path(folder) / "backups"
        home.mkdir()
        (home / KEY_FILE).write_text(f"{KEYS}\n")
        monkeypatch.setenv("HUB_DATA_DIR", str(home))
        get_settings.cache_clear()
        made = _hub("backup", "--to", str(backups))
        assert (made["key_ids"], made["keys_at"]) == (["test"], str(home / KEY_FILE))

        into = ["restore", "--from", made["file"], "--data-dir", str(home)]
        taken = CliRunner().invoke(app, into)
        assert "HUB_DATABASE_URL is set" in str(taken.exception)
        for name in ("HUB_DATABASE_URL", "HUB_SECRETS_KEYS"):
            monkeypatch.delenv(name)
        get_settings.cache_clear()
        assert "--data-dir" in str(CliRunner().invoke(app, into[:3]).exception)

        assert _hub(*into) == {"restored": made["file"], "closed_again": [], "shut": []}
        with its_database(home), psycopg.connect(_plain(get_settings().database_url)) as connection:
            assert connection.execute("SELECT count(*) FROM conversions").fetchall() == [(3,)]
        assert "is not empty" in str(CliRunner().invoke(app, into).exception)

        shutil.rmtree(home)
        lost = CliRunner().invoke(app, into)
        assert (lost.exit_code, lost.stdout) == (1, "Restored. Closed again: none.\n")
        assert "HUB_SECRETS_KEYS is empty, and the data keys need: test." in lost.stderr


def _hub(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
