"""The image, the composition and the lock: what they name exists, and nothing is installed that was not tested."""

import re
from typing import Any

import pytest
import yaml

from tests.deploy.chart import DEPLOY
from tests.deploy.commands import is_command
from tracking_core.settings import Settings

ROOT = DEPLOY.parent
SETTINGS = {f"HUB_{name.upper()}" for name in Settings.model_fields}
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)
PROCESSES = ("api", "worker-sales", "worker-setup", "scheduler", "migrate")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]
    return services


def test_the_image_has_the_versions_that_are_tested_and_only_what_runs() -> None:
    tested = dict(PINNED.findall((ROOT / "requirements.lock").read_text()))
    installed = dict(PINNED.findall((DEPLOY / "requirements.lock").read_text()))
    assert installed.items() <= tested.items()
    assert {"fastapi", "langgraph", "psycopg"} <= set(installed)
    assert not {"pytest", "playwright", "moto", "mypy"} & set(installed)


def test_what_the_image_is_made_of_is_there() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((ROOT / path).exists() for path in allowed)
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    settings = set(re.findall(r"\b(HUB_[A-Z_]+)=", dockerfile))
    assert settings
    assert settings <= SETTINGS
    assert re.search(r"^USER 10001$", dockerfile, re.MULTILINE)


def test_every_process_of_the_composition_is_one_of_ours_with_settings_of_ours(
    services: dict[str, dict[str, Any]],
) -> None:
    for name in PROCESSES:
        assert is_command(services[name]["command"]), name
        assert {one for one in services[name]["environment"] if one.startswith("HUB_")} <= SETTINGS
    others = {one for service in services.values() for one in service.get("depends_on", {})}
    assert others <= set(services)


def test_the_composition_reaches_itself_and_is_reached_as_it_is_told(services: dict[str, dict[str, Any]]) -> None:
    for name in PROCESSES:
        said = services[name]["environment"]
        assert re.fullmatch(r"\$\{HUB_PUBLIC_URL:\?.+\}", said["HUB_PUBLIC_URL"])
        assert (said["HUB_HOST"], said["HUB_PORT"]) == ("0.0.0.0", "8000")
        assert said["HUB_INTERNAL_URL"] == "http://balancer:8080"
    assert "127.0.0.1:8000/readyz" in services["api"]["healthcheck"]["test"][-1]
    [published] = services["balancer"]["ports"]
    [(variable, inner)] = re.findall(r"^\$\{(\w+):-8000\}:(\d+)$", published)
    assert variable not in SETTINGS  # deploy/.env is every process's too
    balancer = (DEPLOY / "nginx.conf").read_text()
    assert f"listen {inner};" in balancer
    assert "server api:8000 " in balancer
    assert "proxy_set_header Host $http_host;" in balancer


def test_a_word_that_is_no_command_would_be_seen() -> None:
    assert not is_command(["sheduler"])
    assert not is_command(["worker", "--queue", "sale"])


def test_the_balancer_holds_streams() -> None:
    balancer = (DEPLOY / "nginx.conf").read_text()
    assert "proxy_buffering off;" in balancer
    assert "proxy_http_version 1.1;" in balancer
    assert re.search(r"location = /metrics \{ return 404; \}", balancer)
