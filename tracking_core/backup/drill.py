"""The restore drill: the backup is restored into a server that exists for it alone, migrated, looked through, thrown
away. The hub's own database is neither asked nor touched.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tracking_core.backup import counted, keyfile, sealed
from tracking_core.backup.counted import Connection
from tracking_core.backup.keyfile import KeyFile
from tracking_core.backup.manifest import Manifest, prove, read
from tracking_core.backup.restore import rebuild
from tracking_core.db.migrate import upgrade
from tracking_core.embedded.postgres import EmbeddedPostgres
from tracking_core.embedded.process import free_port
from tracking_core.errors import ConfigurationError

# As root the server runs as another user, who must be able to reach its folder.
_REACHABLE = 0o755
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """``said`` is what was found, or what is wrong and what follows from it."""

    name: str
    is_green: bool
    said: str


@dataclass(slots=True)
class Drill:
    checks: list[Check] = field(default_factory=list)

    @property
    def is_green(self) -> bool:
        return bool(self.checks) and all(check.is_green for check in self.checks)

    def note(self, name: str, said: str, *problems: str) -> bool:
        """Green without problems."""
        shown = "; ".join(problems[:_SHOWN]) + (f"; and {len(problems) - _SHOWN} more" if problems[_SHOWN:] else "")
        self.checks.append(Check(name, not problems, shown or said))
        return not problems


def drill(dump: Path, keys: Path) -> Drill:
    """Every check that could be made; the first that is red may end it, because the next would say nothing."""
    done = Drill()
    manifest = _whole(done, dump)
    known = _known(done, keys)
    if manifest is not None and known is not None:
        with _server() as url:
            _looked_through(done, dump, manifest, known, url)
    return done


def _whole(done: Drill, dump: Path) -> Manifest | None:
    """The manifest, if the files are what it says."""
    try:
        manifest = read(dump)
        prove(dump, manifest)
    except ConfigurationError as error:
        done.note("file", "", str(error))
        return None
    done.note("file", f"{manifest.bytes} bytes, as made")
    return manifest


def _known(done: Drill, keys: Path) -> KeyFile | None:
    try:
        known = keyfile.read(keys)
    except ConfigurationError as error:
        done.note("key file", "", str(error))
        return None
    done.note("key file", f"{len(known.keys)} data keys, written {known.written_at:%Y-%m-%d %H:%M} UTC")
    return known


def _looked_through(done: Drill, dump: Path, manifest: Manifest, known: KeyFile, url: str) -> None:
    if not _done(done, "restore", "restored into an empty server", lambda: rebuild(dump, known, url)):
        return
    with _connected(url) as connection:
        rows = counted.rows(connection)
        same = f"{sum(rows.values())} rows of {len(rows)} tables"
        done.note("rows", same, *counted.differences(manifest.tables, rows))
    if not _done(done, "migrations", "brought to the newest version", lambda: upgrade(url)):
        return
    with _connected(url) as connection:
        sales = counted.ledger(connection)
        same = f"{sum(sales.values())} sales, each where it was"
        done.note("ledger", same, *counted.differences(manifest.ledger, sales))
        _sealed(done, connection, known)


def _sealed(done: Drill, connection: Connection, known: KeyFile) -> None:
    opened = sealed.sample(connection, known.closed)
    done.note("keys", f"{opened.values} sealed values opened", *opened.problems)
    lit = sealed.closed_but_lit(connection, known.closed)
    dark = f"{lit.closed} closed, nothing of theirs opens"
    done.note("closed tenants", dark, *[f"Tenant {one} is closed and has a data key." for one in lit.tenants])


def _done(done: Drill, name: str, said: str, work: Callable[[], object]) -> bool:
    try:
        work()
    except Exception as error:  # whatever it is, it is why this backup is none
        told = str(error) if isinstance(error, ConfigurationError) else f"{type(error).__name__}"
        return done.note(name, "", told)
    return done.note(name, said)


@contextmanager
def _server() -> Iterator[str]:
    """Its address; gone afterwards with all that was in it."""
    with tempfile.TemporaryDirectory(prefix="hub-drill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(_REACHABLE)
        server = EmbeddedPostgres(Path(folder), free_port(), durable=False)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        yield connection
