"""What the game-day document names is there: tests, metrics, alerts, log lines, pages, commands and settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts
from typer.main import get_command

from api.app import create_app
from api.cli import app
from tracking_core.alerts.registry import Code
from tracking_core.metrics.table import all_metrics, name_of
from tracking_core.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = re.sub(r"\s+", " ", (ROOT / "docs" / "game-day.md").read_text())
_ROOMS = ("tracking_core", "api", "agent", "tools")


def named(pattern: str) -> set[str]:
    """Never none: a pattern that finds nothing would show nothing."""
    found = set(re.findall(pattern, TEXT))
    assert found
    return found


def test_every_test_it_names_is_there() -> None:
    tests = {(path, name) for path, name in re.findall(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`", TEXT)}
    assert len(tests) > 30
    missing = {name for path, name in tests if not re.search(rf"def {name}\(", (ROOT / path).read_text(), re.MULTILINE)}
    assert missing == set()


def test_every_fault_says_where_it_was_tried() -> None:
    sections = re.split(r" ### ", TEXT)[1:]
    assert len(sections) > 15
    assert [one[:40] for one in sections if "**Tried**" not in one] == []


def test_every_alert_metric_log_line_and_setting_it_names_is_there() -> None:
    assert named(r"alert `([a-z_]+)`") <= {code.value for code in Code}
    assert named(r"`(hub_[a-z_]+)`") <= {name_of(one) for one in all_metrics()}
    assert {one.removeprefix("HUB_").lower() for one in named(r"`(HUB_[A-Z_]+)`")} <= set(Settings.model_fields)
    source = "".join(path.read_text() for room in _ROOMS for path in (ROOT / room).rglob("*.py"))
    assert {one for one in named(r"log `([a-z_]+)`") if f'"{one}"' not in source} == set()


def test_every_page_and_command_it_names_is_there() -> None:
    pages = {one.path for one in iter_route_contexts(create_app().routes)}
    assert named(r"page `(/[a-z/]+)`") <= pages
    assert named(r"`(/[a-z]+z)`") <= pages
    known = set(_commands(get_command(app)))
    groups = {one.split()[0] for one in known if " " in one}
    said = {group if group not in groups else f"{group} {name}" for group, name in _said()}
    assert len(said) > 5
    assert said <= known


def _said() -> list[tuple[str, str]]:
    """Each command line: its first word and its second."""
    return re.findall(r"\.venv/bin/hub ([a-z-]+) ?([a-z-]*)", TEXT)


def _commands(group: Any, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        yield f"{before}{name}"
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
