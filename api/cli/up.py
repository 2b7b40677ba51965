"""``hub up``: the whole hub on one machine, from one command."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import SecretStr
from rich.console import Console

from api.cli.data_dir import only_one
from api.cli.processes import upgrade_all
from api.cli.supervisor import CommandService, Service, Supervisor
from tracking_core.embedded.keys import keys_to_start_with
from tracking_core.embedded.process import require_free
from tracking_core.errors import ConfigurationError
from tracking_core.settings import SaidSettings, Settings
from tracking_core.settings_sources import RUNTIME_FILE, read_settings

_READY_SECONDS, _PEOPLE_SECONDS = 60.0, 30.0
_CALLED = {"seller": "the seller", "support": "support", "operator": "the operator"}
_out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(
    port: Annotated[int | None, typer.Option(help="HTTP port.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    simulators: Annotated[bool, typer.Option(help="Start the vendor simulators and send to them.")] = True,
    postgres_port: Annotated[int | None, typer.Option(help="Embedded PostgreSQL.")] = None,
    redis_port: Annotated[int | None, typer.Option(help="Embedded Redis.")] = None,
    simulators_port: Annotated[int | None, typer.Option(help="Vendor simulators.")] = None,
) -> None:
    """Start PostgreSQL, Redis, migrations, simulators, API, worker and scheduler; stop them with Ctrl-C."""
    asked = {
        "port": port,
        "data_dir": data_dir,
        "embedded_postgres_port": postgres_port,
        "embedded_redis_port": redis_port,
        "simulators_port": simulators_port,
    }
    settings = read_settings(SaidSettings, **{name: value for name, value in asked.items() if value is not None})
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with only_one(settings.data_dir):
        _Hub(settings, with_simulators=simulators).run()


class _Hub:
    """One run of everything: start in order, watch, stop in reverse."""

    def __init__(self, settings: Settings, *, with_simulators: bool) -> None:
        self._settings, self._with_simulators = settings, with_simulators
        self._data = settings.data_dir.resolve()
        self._known: dict[str, Any] = {
            **said(settings),
            "port": settings.port,
            "host": settings.host,
            "internal_url": settings.internal_url or f"http://127.0.0.1:{settings.port}",
        }
        self._stopping = threading.Event()
        self._supervisor = Supervisor(
            notice=lambda line: _out.print(f"[yellow]•[/yellow] {line}"), on_change=self._write_runtime
        )

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)
        try:
            self._start_everything()
            self._announce()
            self._supervisor.watch(self._stopping)
        finally:
            _out.print("Stopping…")
            self._supervisor.stop()
            (self._data / RUNTIME_FILE).unlink(missing_ok=True)

    def _signalled(self, *_: object) -> None:
        if self._stopping.is_set():
            os._exit(1)
        self._stopping.set()

    def _start_everything(self) -> None:
        require_free(self._settings.port, "HUB_PORT or --port")
        self._start_servers()
        self._migrate()
        given = self._settings.secrets_keys.get_secret_value()
        self._known["secrets_keys"] = keys_to_start_with(self._data, given, self._database_url())
        if self._with_simulators:
            self._start_simulators()
        # Setups in a process of their own: what goes wrong in one must not reach a sale.
        commands = {
            "api": ["api"],
            "worker": ["worker", "--queue", "sales"],
            "setup": ["worker", "--queue", "setup"],
            "scheduler": ["scheduler"],
        }
        for name, command in commands.items():
            self._step(self._command(name, ["-m", "api.cli", *command]))
        self._await(f"http://{self._settings.host}:{self._settings.port}/readyz", "api")

    def _start_servers(self) -> None:
        from tracking_core.embedded.postgres import EmbeddedPostgres
        from tracking_core.embedded.redis import EmbeddedRedis

        if not self._settings.database_url:
            postgres = EmbeddedPostgres(self._data, self._settings.embedded_postgres_port)
            self._known["database_url"] = postgres.url
            self._step(postgres)
        if not self._settings.redis_url:
            redis = EmbeddedRedis(self._data, self._settings.embedded_redis_port)
            self._known["redis_url"] = redis.url
            self._step(redis)

    def _migrate(self) -> None:
        started = time.monotonic()
        upgrade_all(self._database_url())
        _done("migrations", started)

    def _database_url(self) -> str:
        return self._settings.database_direct_url or str(self._known["database_url"])

    def _start_simulators(self) -> None:
        port = self._settings.simulators_port
        require_free(port, "HUB_SIMULATORS_PORT or --simulators-port")
        self._step(self._command("simulators", ["-m", "evals.simulators", "--port", str(port)]))
        self._await(f"http://127.0.0.1:{port}/healthz", "simulators")
        self._known["simulators_port"] = port
        self._known |= {
            name: address for name, address in _simulated(port).items() if name not in self._settings.model_fields_set
        }
        self._write_runtime()

    def _step(self, service: Service) -> None:
        started = time.monotonic()
        self._supervisor.start(service)
        _done(service.name, started)

    def _command(self, name: str, arguments: list[str]) -> CommandService:
        log = self._data / "logs" / f"{name}.log"
        return CommandService(name, [sys.executable, *arguments], environment=self._environment(), log=log)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HUB_DATA_DIR": str(self._data),
            **{f"HUB_{key.upper()}": _as_setting(value) for key, value in self._known.items()},
        }

    def _await(self, url: str, name: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self._stopping.is_set():
            try:
                if httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline:
                log = self._data / "logs" / f"{name}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:]) if log.exists() else ""
                raise ConfigurationError(problem=f"{name} did not answer in time. The end of {log}:\n{tail}")
            time.sleep(0.1)

    def _write_runtime(self) -> None:
        path = self._data / RUNTIME_FILE
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({**self._known, "pid": os.getpid(), "pids": self._supervisor.pids()}))
        fresh.replace(path)

    def _announce(self) -> None:
        base = f"http://{self._settings.host}:{self._settings.port}"
        _out.print(f"\n[green]ready[/green]  {base}  (API: {base}/openapi.json)")
        if self._settings.environment == "development":
            self._announce_people()
        if self._with_simulators:
            _out.print(self._told_of_vendors(), soft_wrap=True)
        if not self._settings.llm_api_key.get_secret_value():
            _out.print("No LLM key: basic mode.")
        _out.print(f"Data and logs: {self._data}. Try: [bold]hub demo[/bold]. Ctrl-C stops.")

    def _told_of_vendors(self) -> str:
        own = [name for name in _simulated(self._settings.simulators_port) if name in self._settings.model_fields_set]
        if own:
            names = ", ".join(f"HUB_{name.upper()}" for name in own)
            return f"Vendors are simulated, but not where the settings lead elsewhere: {names}."
        graph = self._known["meta_graph_url"]
        return f"Meta and the checkouts are simulated at {graph}: nothing leaves this machine."

    def _announce_people(self) -> None:
        """The demonstration's people, made at the first start; their links go to this terminal and into no log. In a
        process of its own: this one lacks the settings of what it started."""
        command = [sys.executable, "-m", "api.cli", "user", "demonstrate"]
        try:
            made = subprocess.run(
                command, env=self._environment(), capture_output=True, text=True, timeout=_PEOPLE_SECONDS, check=True
            )
            for role, link in json.loads(made.stdout).items():
                _out.print(f"Open as {_CALLED[role]}: {link}", soft_wrap=True, markup=False)
        except (subprocess.SubprocessError, OSError, ValueError):
            _out.print("No sign-in links this time. Try: hub user link --email …")


def said(settings: Settings) -> dict[str, Any]:
    """What was said of these settings, for the processes that are started and the commands beside them; but no secret,
    which they read where this one did."""
    told = {name for name in settings.model_fields_set if not isinstance(getattr(settings, name), SecretStr)}
    return settings.model_dump(mode="json", include=told - {"data_dir"})


def _simulated(port: int) -> dict[str, Any]:
    """Where the vendors and the support desk are while they are simulated; their landing page stands on a private
    address."""
    base = f"http://127.0.0.1:{port}"
    return {
        "meta_graph_url": base,
        "hotmart_auth_url": f"{base}/_providers/hotmart-auth",
        "hotmart_api_url": f"{base}/_providers/hotmart",
        "kiwify_api_url": f"{base}/_providers/kiwify",
        "probe_trusted_origins": [base],
        "chatwoot_url": f"{base}/_chatwoot",
        "chatwoot_account_id": 1,
        "chatwoot_inbox_id": 1,
        "chatwoot_token": "demo-chatwoot-token",
    }


def _as_setting(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list) else str(value)


def _done(name: str, started: float) -> None:
    _out.print(f"[green]✓[/green] {name:<12} {time.monotonic() - started:6.2f} s")
