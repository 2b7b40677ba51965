"""``hub up`` as an operator runs it, with every log line there is, and a record of all it says."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import httpx
import orjson
import psycopg
from psycopg import sql
from redis import Redis
from redis.exceptions import RedisError

from tests import forked
from tracking_core.embedded.process import free_port

_READY_SECONDS = 90
_QUICK = {
    "HUB_LOG_LEVEL": "DEBUG",
    "HUB_META_TIMEOUT_SECONDS": "2",
    "HUB_DELIVERY_LEASE_SECONDS": "2",
    "HUB_SWEEP_INTERVAL_MS": "200",
    "HUB_LATE_CLICK_GRACE_SECONDS": "1",
}


class Hub:
    """``answers``: every HTTP answer, headers included. ``said``: what commands printed. ``rung``: what Redis heard."""

    def __init__(self, folder: Path, graph_url: str) -> None:
        self.folder = folder
        self.answers: list[bytes] = []
        self.said: list[bytes] = []
        self.rung: list[bytes] = []
        port = free_port()
        self._arguments = ["up", "--port", str(port), "--data-dir", str(folder), "--no-simulators"]
        for name in ("postgres", "redis"):
            self._arguments += [f"--{name}-port", str(free_port())]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self._environment |= {**_QUICK, "HUB_META_GRAPH_URL": graph_url, "HUB_DATA_DIR": str(folder)}
        hooks = {"response": [self._record]}
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=15, trust_env=False, event_hooks=hooks, follow_redirects=False
        )

    def start(self) -> None:
        console = self.folder / "logs" / "console.log"
        console.parent.mkdir(parents=True, exist_ok=True)
        with console.open("w") as log:
            command = [sys.executable, "-m", "api.cli", *self._arguments]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _READY_SECONDS
        while "ready" not in console.read_text():
            assert self._process.poll() is None, console.read_text()
            assert time.monotonic() < deadline, console.read_text()
            time.sleep(0.1)
        self._monitor = threading.Thread(target=self._listen_to_redis)
        self._monitor.start()

    def stop(self) -> None:
        """Everything; the monitor ends with Redis."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        self._monitor.join(30)
        self.http.close()

    def runtime(self) -> dict[str, Any]:
        said: dict[str, Any] = orjson.loads((self.folder / "runtime.json").read_bytes())
        return said

    def command(self, *arguments: str, secret: str = "", is_shown: bool = True) -> bytes:
        """Run ``hub ...`` with the secret on standard input; gives standard output."""
        return self.module("api.cli", *arguments, secret=secret, is_shown=is_shown)

    def module(self, *arguments: str, secret: str = "", is_shown: bool = True) -> bytes:
        """``is_shown`` False: standard output shows a secret on purpose and is not part of the record."""
        ran = forked.run([*arguments], self._environment, said=secret)
        self.said += [one.encode() for one in ([ran.stderr, ran.stdout] if is_shown else [ran.stderr])]
        return ran.stdout.encode()

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        url = self.runtime()["database_url"].replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    @contextmanager
    def refusing(self, table: str, unless: LiteralString = "false") -> Iterator[None]:
        """While this lasts, PostgreSQL refuses the rows written to the table and names their values in the error."""
        name = sql.Identifier(table)
        with self.database() as connection:
            add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT refused_by_test CHECK ({}) NOT VALID")
            connection.execute(add.format(name, sql.SQL(unless)))
            try:
                yield
            finally:
                connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT refused_by_test").format(name))

    @contextmanager
    def missing(self, table: str) -> Iterator[None]:
        """While this lasts, every query of the table fails."""
        here, away = sql.Identifier(table), sql.Identifier(f"{table}_away")
        rename = sql.SQL("ALTER TABLE {} RENAME TO {}")
        with self.database() as connection:
            connection.execute(rename.format(here, away))
            try:
                yield
            finally:
                connection.execute(rename.format(away, here))

    def logs(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / "logs").iterdir())}

    def _record(self, answer: httpx.Response) -> None:
        answer.read()
        headers = b"\n".join(name + b": " + value for name, value in answer.headers.raw)
        self.answers.append(headers + b"\n\n" + answer.content)

    def _listen_to_redis(self) -> None:
        """Every command any process sends: a message is gone from the queue before one could look."""
        with (
            suppress(RedisError, OSError),
            Redis.from_url(self.runtime()["redis_url"]) as redis,
            redis.monitor() as monitor,
        ):
            for heard in monitor.listen():
                self.rung.append(heard["command"].encode())
