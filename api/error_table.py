"""docs/errors.md, written from the classes themselves: ``python -m api.error_table``."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import agent
import api
import tools
import tracking_core
from tracking_core.errors import HubError
from tracking_core.i18n import translate

DOCUMENT = Path(__file__).parents[1] / "docs" / "errors.md"
_HEAD = """# Errors

Every refusal is problem JSON (RFC 9457) with a `code` that stays, and a sentence in the reader's language, Portuguese
first. A page shows the sentence; a command prints it and exits with 1. `python -m api.error_table` writes this table.

| code | status | said |
| --- | --- | --- |
"""


def document() -> str:
    """All of it, as the classes are now."""
    known = {error.code: error for error in _errors()}
    return _HEAD + "\n".join(_row(known[code]) for code in sorted(known)) + "\n"


def _row(error: type[HubError]) -> str:
    return f"| `{error.code}` | {error.status} | {error.message}<br>{translate(error.message)} |"


def _errors() -> Iterator[type[HubError]]:
    for room in (tracking_core, tools, agent, api):
        _import(room)
    waiting: list[type[HubError]] = [HubError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        # A test's own is no error of the hub; one that adds no code is told as the one above it.
        if error.__module__.partition(".")[0] != "tests" and (error is HubError or "code" in vars(error)):
            yield error


def _import(room: ModuleType) -> None:
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            import_module(module.name)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
