"""``hub up`` and ``hub demo`` as a newcomer runs them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests import forked
from tracking_core.embedded.process import free_port
from tracking_core.secrets.keyring import new_key

pytestmark = pytest.mark.timeout(180)
_READY_SECONDS = 90
_EXAMPLE = Path(__file__).parents[2] / ".env.example"


class Up:
    """A running ``hub up`` on free ports, typed where a copy of the example, with a key, is the ``.env`` file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.arguments = ["up", "--port", str(self.port), "--data-dir", str(folder)]
        for name in ("postgres", "redis", "simulators"):
            self.arguments += [f"--{name}-port", str(free_port())]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        self.log = folder / "console.log"
        self.key = new_key("k2026")
        (folder / ".env").write_text(f"{_EXAMPLE.read_text()}HUB_SECRETS_KEYS={self.key}\n")

    def start(self) -> None:
        with self.log.open("w") as log:
            command = [sys.executable, "-m", "api.cli", *self.arguments]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _READY_SECONDS
        while "Ctrl-C stops" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def hub(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, "HUB_DATA_DIR": str(self.folder)}
        return forked.run(["api.cli", *arguments], environment, said=said)

    def runtime(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / "runtime.json").read_text())
        return said


@pytest.fixture(scope="module")
def started() -> Iterator[Up]:
    # Not under pytest's own folder: it closes that to other users, and as root PostgreSQL runs as one.
    with tempfile.TemporaryDirectory(prefix="hub-up-", ignore_cleanup_errors=True) as folder:
        running = Up(Path(folder))
        running.start()
        yield running
        if running.is_running():
            running.stop()


@pytest.fixture
def up(started: Up) -> Up:
    """One hub for all: a test that stopped it leaves the next to start it on the same data."""
    if not started.is_running():
        started.start()
    return started


def test_what_it_prints_to_be_opened_is_there_and_stands_in_no_log(up: Up) -> None:
    said = up.log.read_text().split()
    document = next(one for one in said if one.endswith("/openapi.json)"))
    assert httpx.get(document.rstrip(")"), trust_env=False).json()["info"]["title"] == "Hub"
    links = [one for one in said if "/sign-in/link/" in one]
    assert len(links) == 3
    assert [httpx.get(link, trust_env=False).status_code for link in links] == [200, 200, 200]
    logs = "".join(log.read_text() for log in (up.folder / "logs").glob("*.log"))
    assert logs
    assert [link for link in links if link.rpartition("/")[2] in logs] == []


def test_the_demo_is_green_hop_by_hop_and_the_data_outlives_a_restart(up: Up) -> None:
    for gateway in ("hotmart", "kiwify"):
        ran = up.hub("demo", "--json", "--gateway", gateway)
        said = json.loads(ran.stdout)
        assert (ran.returncode, said["ok"]) == (0, True), said
        assert said["received"]["event"]["event_name"] == "Purchase"
    pids = up.runtime()["pids"]
    assert up.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in pids.values())
    assert not (up.folder / "runtime.json").exists()
    up.start()
    assert up.hub("demo", "--json").returncode == 0  # the tenant of the first run is still there


def test_a_hub_and_the_commands_beside_it_go_by_the_file_where_they_are_typed(up: Up) -> None:
    assert up.runtime()["secrets_keys"] == up.key
    assert not (up.folder / "secrets.keys").exists()
    command = [sys.executable, "-m", "api.cli", "secrets", "keys", "--json"]
    environment = {**up.environment, "HUB_DATA_DIR": str(up.folder)}
    beside = subprocess.run(command, cwd=up.folder, env=environment, capture_output=True, check=True)
    [key] = json.loads(beside.stdout)["keys"]
    assert (key["key_id"], key["tenants"] > 0) == ("k2026", True)


def test_a_dead_child_is_started_again_and_the_demo_turns_green(up: Up) -> None:
    killed = up.runtime()["pids"]["api"]
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while up.hub("demo", "--json").returncode != 0:
        assert time.monotonic() < deadline
    assert up.runtime()["pids"]["api"] != killed


def test_a_taken_port_is_named_with_the_setting_to_change(up: Up, tmp_path: Path) -> None:
    other = up.hub("up", "--port", str(up.port), "--data-dir", str(tmp_path / "other"))
    assert other.returncode == 1
    assert str(up.port) in other.stderr
    assert "--port" in other.stderr


def test_a_page_view_reaches_meta_under_the_browsers_id_by_the_clock_alone(up: Up) -> None:
    tenant = json.loads(up.hub("tenant", "create", "--name", "Loja", "--json").stdout)
    arguments = ["--tenant", tenant["tenant_id"], "--dataset", "900000000000002", "--browser-events", "pageview"]
    assert up.hub("connect", "meta", *arguments, said="EAAToken\n").returncode == 0
    visit = {"url": "https://loja.example/", "event_id": "pixel-view-1", "fbp": "fb.1.1700000000000.1234567890"}
    headers = {"X-Hub-Key": tenant["write_key"], "User-Agent": "Mozilla/5.0 (Linux; Android 15) Test"}
    api = f"http://127.0.0.1:{up.port}"
    assert httpx.post(f"{api}/track/pageview", json=visit, headers=headers, trust_env=False).status_code == 202
    simulator = f"{up.runtime()['meta_graph_url']}/_control/events"
    deadline = time.monotonic() + 30
    while not (got := httpx.get(simulator, params={"event_id": "pixel-view-1"}, trust_env=False).json()["events"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [(one["event"]["event_name"], one["event"]["event_id"]) for one in got] == [("PageView", "pixel-view-1")]


def test_the_demo_exits_1_when_nothing_runs_and_a_second_hub_is_refused(up: Up) -> None:
    second = up.hub(*up.arguments)
    assert second.returncode == 1
    assert "already runs" in second.stderr
    up.stop()
    red = up.hub("demo", "--json")
    assert red.returncode == 1
    assert json.loads(red.stdout)["ok"] is False


def test_without_the_keys_of_what_is_stored_it_does_not_start_and_makes_no_others(started: Up) -> None:
    if started.is_running():
        started.stop()
    refused = started.hub(*started.arguments)  # not typed where the file with the key is
    assert refused.returncode == 1
    assert f"{started.folder / 'secrets.keys'} opens none of them" in refused.stderr.replace("\n", " ")
    assert not (started.folder / "secrets.keys").exists()
