"""A backup comes back whole, or the drill says in a sentence why it is none."""

import base64
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from tests.conftest import KEYS
from tests.pipeline.conftest import Shop
from tracking_core.backup import programs
from tracking_core.errors import ConfigurationError
from tracking_core.privacy.registry import COLUMNS
from tracking_core.privacy.sealed import PLACES
from tracking_core.settings import get_settings

OTHER = "test:" + base64.b64encode(b"another key of the same name....").decode()


def test_a_backup_restores_and_a_lost_key_a_lost_row_or_damage_shows(
    sold: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(_hub("backup", "--to", str(tmp_path), "--json").stdout)
    dump, manifest = Path(made["file"]), Path(made["file"] + ".manifest.json")
    files = list(tmp_path.iterdir())
    assert {one.name.partition(".")[2] for one in files} == {"dump", "dump.manifest.json", "dump.tenants.csv", "json"}
    assert {oct(one.stat().st_mode)[-3:] for one in files} == {"600"}
    assert made["key_ids"] == ["test"]
    assert KEYS.partition(":")[2].encode() not in b"".join(one.read_bytes() for one in files)

    assert _drilled(dump) == {}
    said = json.loads(manifest.read_text())
    manifest.write_text(
        json.dumps({**said, "ledger": {"delivered": 4}, "tables": {**said["tables"], "public.users": 7}})
    )
    monkeypatch.setenv("HUB_SECRETS_KEYS", OTHER)
    get_settings.cache_clear()
    red = _drilled(dump)
    assert red["rows"] == "public.users: 7 before, 0 now"
    assert red["ledger"].startswith("delivered: 4 before, ")
    assert f"The data key of tenant {sold.tenant_id} stays shut." in red["keys"]
    assert set(red) == {"rows", "ledger", "keys"}

    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 0xFF
    dump.write_bytes(content)
    damaged = f"{dump.name} is not the file that was made: it is damaged or was exchanged. Take another backup."
    assert _drilled(dump) == {"file": damaged}
    manifest.unlink()
    assert "is not beside the backup" in _drilled(dump)["file"]


def test_every_sealed_column_is_looked_into() -> None:
    places = {(place.table, place.column) for place in PLACES}
    kept = {(table, column) for table, columns in COLUMNS.items() for column in columns.group("sealed")}
    assert kept - places == set()


def test_a_program_that_fails_says_why_and_not_the_password() -> None:
    with pytest.raises(ConfigurationError) as failed:
        programs.run("pg_dump", "--file=/dev/null", url="postgresql://hub:a-password@127.0.0.1:1/hub")
    assert "pg_dump failed: " in str(failed.value)
    assert "a-password" not in str(failed.value)


def _drilled(dump: Path) -> dict[str, str]:
    """The checks that are red, by name."""
    result = _hub("restore-drill", "--from", str(dump), "--json")
    told = json.loads(result.stdout)
    red = {check["name"]: check["said"] for check in told["checks"] if not check["is_green"]}
    assert (result.exit_code, told["is_green"]) == ((1, False) if red else (0, True))
    return red


def _hub(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
