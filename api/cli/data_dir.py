"""The data directory of a hub on one machine: one process at a time works in it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracking_core.errors import ConfigurationError
from tracking_core.settings import SaidSettings, as_settings
from tracking_core.settings_sources import read_settings


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Raises ConfigurationError when a hub runs in it."""
    lock: IO[str] = (data_dir / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ConfigurationError(problem=f"A hub already runs in {data_dir}. Stop it, or use --data-dir.") from None
    with lock:
        yield


@contextmanager
def its_database(data_dir: Path) -> Iterator[None]:
    """While its hub is down: only its PostgreSQL runs, on a port of its own, and this process's settings lead to it.
    Raises ConfigurationError when the hub runs, or has another database."""
    from tracking_core.embedded.keys import found_keys
    from tracking_core.embedded.postgres import EmbeddedPostgres
    from tracking_core.embedded.process import free_port

    said = read_settings(SaidSettings)
    if said.session_database_url:
        raise ConfigurationError(problem="HUB_DATABASE_URL is set: `hub up` uses that, and none of a data directory.")
    data_dir.mkdir(parents=True, exist_ok=True)
    with only_one(data_dir):
        keys = said.secrets_keys.get_secret_value() or found_keys(data_dir)
        server = EmbeddedPostgres(data_dir, free_port())
        try:
            server.start()
            own = {"HUB_DATA_DIR": str(data_dir), "HUB_DATABASE_URL": server.url, "HUB_SECRETS_KEYS": keys}
            with as_settings(own):
                yield
        finally:
            server.stop()
