"""One HTML file with everything in it, for people; the same as JSON beside it."""

from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, select_autoescape

_TEMPLATE = "report.html.j2"


def write_report(folder: Path, name: str, board: dict[str, Any], facts: dict[str, Any]) -> Path:
    """The path of the HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(orjson.dumps({**facts, **board}, option=orjson.OPT_INDENT_2))
    path = folder / f"{name}.html"
    path.write_text(render(board, facts))
    return path


def render(board: dict[str, Any], facts: dict[str, Any]) -> str:
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2"]))
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.0f} %"
    return environment.get_template(_TEMPLATE).render(board=board, facts=facts)
