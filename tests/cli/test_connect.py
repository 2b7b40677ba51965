"""``hub connect meta`` and the browser events it forwards."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from tracking_core.errors import ConfigurationError
from tracking_core.settings import Settings


@pytest.fixture
def tenant(settings: Settings) -> str:
    made = CliRunner().invoke(app, ["tenant", "create", "--name", "Loja", "--json"])
    return str(json.loads(made.stdout)["tenant_id"])


def connect(tenant: str, *options: str) -> dict[str, Any]:
    arguments = ["connect", "meta", "--tenant", tenant, "--dataset", "1234567890", "--json", *options]
    ran = CliRunner().invoke(app, arguments, input="EAAtoken\n", catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_browser_events_are_none_until_asked_for_kept_when_not_said_and_ended_when_said(tenant: str) -> None:
    assert connect(tenant)["browser_events"] == []
    both = ["--browser-events", "pageview", "--browser-events", "initiate_checkout"]
    assert connect(tenant, *both)["browser_events"] == ["initiate_checkout", "pageview"]
    assert connect(tenant)["browser_events"] == ["initiate_checkout", "pageview"]
    assert connect(tenant, "--browser-events", "pageview")["browser_events"] == ["pageview"]
    assert connect(tenant, "--no-browser-events")["browser_events"] == []


def test_another_kind_is_refused_with_the_ones_that_exist(tenant: str) -> None:
    arguments = ["connect", "meta", "--tenant", tenant, "--dataset", "1", "--browser-events", "click"]
    ran = CliRunner().invoke(app, arguments, input="EAAtoken\n")
    assert ran.exit_code == 2
    assert "initiate_checkout" in ran.stderr


def test_both_wishes_at_once_are_refused(tenant: str) -> None:
    with pytest.raises(ConfigurationError):
        connect(tenant, "--browser-events", "pageview", "--no-browser-events")
