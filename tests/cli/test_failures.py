"""What a command says when a server is away: one line, without what leads there."""

import sys

import pytest
from redis.exceptions import ConnectionError as RedisAway

from api.cli import main
from api.cli.failures import line_of
from tracking_core.kit.ids import new_id
from tracking_core.settings import get_settings


def test_a_database_that_is_away_is_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://hub:a-password@127.0.0.1:1/hub")
    monkeypatch.setattr(sys, "argv", ["hub", "privacy", "status", str(new_id())])
    get_settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main()
    get_settings.cache_clear()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (1, "")
    assert said.err.startswith("hub: The database did not answer (OperationalError)")
    assert said.err.count("\n") == 1
    assert "a-password" not in said.err


def test_redis_is_named_too_and_a_defect_keeps_its_traceback() -> None:
    assert str(line_of(RedisAway("redis://:a-password@host"))).startswith("Redis did not answer (ConnectionError)")
    assert line_of(KeyError("a defect")) is None
