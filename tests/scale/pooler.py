"""A real PgBouncer in front of the tests' PostgreSQL, lending out connections one transaction at a time."""

import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.scale.programs import ensure
from tracking_core.embedded.process import free_port

_SETTINGS = """
[databases]
{database} = host=127.0.0.1 port={server_port} dbname={database} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
server_reset_query_always = 0
"""


@contextmanager
def pooled(url: str, folder: Path) -> Iterator[str]:
    """SQLAlchemy's address of the same database through a pooler with two connections, while the block lasts."""
    server, port = urlsplit(url), free_port()
    database = server.path.lstrip("/")
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(
            database=database, server_port=server.port, user=server.username, password=server.password, port=port
        )
    )
    process = subprocess.Popen([ensure("pgbouncer", "pgbouncer"), "-q", str(settings)], cwd=folder, **_identity(folder))
    try:
        through = server._replace(netloc=f"{server.username}:any@127.0.0.1:{port}").geturl()
        _await_answer(through.replace("+psycopg", ""))
        yield through
    finally:
        process.terminate()
        process.wait(10)


def _identity(folder: Path) -> dict[str, Any]:
    """It refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _await_answer(address: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(address, connect_timeout=2, prepare_threshold=None).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
