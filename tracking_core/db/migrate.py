"""Run the Alembic migrations programmatically; the scripts live in ``tracking_core/migrations``."""

import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from psycopg.errors import LockNotAvailable
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from tracking_core.db.partitions import creation
from tracking_core.kit import clock

_SCRIPTS = Path(__file__).parents[1] / "migrations"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a migration waits for a lock. Behind one that waits to change a table, everybody waits who uses it
    (``lock_seconds``); behind one that builds an index, nobody (``build_seconds``)."""

    lock_seconds: float = 2
    build_seconds: float = 300
    tries: int = 5
    pause_seconds: float = 15

    @staticmethod
    def setting(seconds: float) -> str:
        return f"SET lock_timeout = '{round(seconds * 1_000)}ms'"


_USUAL = Patience()


def alembic_config(url: str, patience: Patience = _USUAL) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes.update(url=url, patience=patience)
    return config


def upgrade(url: str, revision: str = "head", patience: Patience = _USUAL) -> None:
    """Bring the database at ``url`` to ``revision`` and make the coming weeks' partitions.

    It can be repeated after a failure at any statement, and is when a lock was not to be had in time. Raises
    OperationalError when it never was.
    """
    for tries_left in reversed(range(patience.tries)):
        try:
            command.upgrade(alembic_config(url, patience), revision)
            _make_partitions(url)
            return
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable) or not tries_left:
                raise
        log.warning("migration_waits_for_a_lock", seconds=patience.pause_seconds, tries_left=tries_left)
        time.sleep(patience.pause_seconds)


def _make_partitions(url: str) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in creation(clock.now()):
            connection.execute(text(statement))
