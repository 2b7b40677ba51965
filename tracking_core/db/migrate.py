"""Run the Alembic migrations programmatically; the scripts live in ``tracking_core/migrations``."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from tracking_core.db.partitions import creation
from tracking_core.kit import clock

_SCRIPTS = Path(__file__).parents[1] / "migrations"


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision`` and make the coming weeks' partitions; repeating it is harmless."""
    command.upgrade(alembic_config(url), revision)
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in creation(clock.now()):
            connection.execute(text(statement))
    engine.dispose()
