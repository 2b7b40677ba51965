"""Migrations meet a hub that runs: they fail, are run again, and end with the schema of the models."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.databases import Admin
from tracking_core.db.migrate import Patience, alembic_config, upgrade
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.redis import EmbeddedRedis

_SHORT = Patience(lock_seconds=0.1, build_seconds=0.1, tries=1)
_JOINED, _RECORDED = "ALTER INDEX", "UPDATE alembic_version"
_INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


class Killed(Exception):
    """The process ends here."""


@pytest.fixture
def empty(servers: tuple[EmbeddedPostgres, EmbeddedRedis]) -> Iterator[str]:
    """A database without a table."""
    with connected(servers[0].url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE empty STRATEGY FILE_COPY")
        yield f"{servers[0].url.rsplit('/', 1)[0]}/empty"
        admin.execute("DROP DATABASE empty WITH (FORCE)")


def connected(url: str, *, autocommit: bool = False) -> Admin:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=autocommit)


@contextmanager
def killed_before(what: str) -> Iterator[None]:
    def before(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if statement.startswith(what):
            raise Killed

    event.listen(Engine, "before_cursor_execute", before)
    try:
        with pytest.raises(Killed):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def sources(url: str) -> list[tuple[str, str]]:
    """Each revision with its text, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(url)).walk_revisions()
    return [(one.revision, Path(one.path).read_text()) for one in scripts][::-1]


def test_a_revision_that_builds_indexes_can_be_run_again_when_it_ended_before_it_was_recorded(empty: str) -> None:
    for revision, source in sources(empty):
        assert "autocommit_block" not in source, f"{revision} is not to commit but in tracking_core.migrations.indexes"
        if "indexes.build_on_events(" in source:
            with killed_before(_JOINED):
                command.upgrade(alembic_config(empty), revision)
        if "indexes.build" in source:
            with killed_before(_RECORDED):
                command.upgrade(alembic_config(empty), revision)
        upgrade(empty, revision)
    with connected(empty) as looking:
        assert looking.execute(_INVALID).fetchall() == []
    command.check(alembic_config(empty))


def test_an_upgrade_that_meets_a_reader_fails_in_time_and_goes_through_once_the_reader_has_ended(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(empty, "20261126_0009")
    with connected(empty) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # as a dump reads
        reader.execute("SELECT FROM received_webhooks")
        with pytest.raises(OperationalError, match="lock timeout"):
            upgrade(empty, patience=_SHORT)
        with connected(empty) as looking:
            assert looking.execute(_INVALID).fetchall() == [("ix_received_webhooks_kept",)]
        # This time the reader ends while the migration waits to try again.
        monkeypatch.setattr("tracking_core.db.migrate.time.sleep", lambda _seconds: reader.rollback())
        upgrade(empty, patience=Patience(lock_seconds=0.1, build_seconds=0.1, tries=2))
    with connected(empty) as looking:
        assert looking.execute(_INVALID).fetchall() == []
    command.check(alembic_config(empty))
