"""Make a backup: one file by pg_dump, one of the tenants' rows, and a manifest, all of one snapshot.

The keys of HUB_SECRETS_KEYS are in no table and so in no backup, and the data keys that they wrap are left out of it
(``keyfile``): what is sealed stays sealed in it.
"""

import os
from pathlib import Path

import psycopg

from tracking_core.backup import counted, programs, rows
from tracking_core.backup.manifest import Manifest, digest, place_of
from tracking_core.errors import ConfigurationError
from tracking_core.kit import clock

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def make(url: str, folder: Path) -> Path:
    """The dump's path in ``folder``; its manifest stands beside it. ``url`` must lead to PostgreSQL itself: through a
    pooler nothing can share a snapshot. Raises ConfigurationError, and leaves no half of a backup."""
    moment = clock.now()
    dump = _empty(folder, f"hub-{moment:%Y%m%dT%H%M%SZ}.dump")
    try:
        tenants = _empty(folder, rows.place_of(dump).name)
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(_ONE_MOMENT)
            [snapshot] = connection.execute("SELECT pg_export_snapshot()").fetchall()[0]
            _dump(url, dump, str(snapshot))
            rows.write(connection, tenants)
            manifest = Manifest(
                made_at=moment,
                dump=dump.name,
                bytes=dump.stat().st_size,
                sha256=digest(dump),
                tenants_sha256=digest(tenants),
                revision=counted.revision(connection),
                tables=counted.rows(connection),
                ledger=counted.ledger(connection),
            )
        _empty(folder, place_of(dump).name).write_text(manifest.model_dump_json(indent=2) + "\n")
    except BaseException as failed:
        for place in (dump, rows.place_of(dump)):
            place.unlink(missing_ok=True)
        if isinstance(failed, psycopg.Error):
            raise ConfigurationError(problem=f"The database cannot be read: {type(failed).__name__}.") from None
        raise
    return dump


def _dump(url: str, dump: Path, snapshot: str) -> None:
    """Whoever restores it owns it, by whatever name."""
    plain = ("--no-owner", "--no-privileges", "--no-comments", "--no-publications", "--no-subscriptions")
    but = f"--exclude-table-data=public.{rows.TABLE}"
    programs.run("pg_dump", "--format=custom", *plain, but, f"--snapshot={snapshot}", f"--file={dump}", url=url)


def _empty(folder: Path, name: str) -> Path:
    """A new file that only we read. Raises ConfigurationError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise ConfigurationError(problem=f"{folder / name} cannot be written: {error.strerror}.") from None
    return folder / name
