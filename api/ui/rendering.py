"""Templates: escaped, strict about names, in the reader's language."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from api.ui import paths, static_files
from api.ui.visitor import Visitor
from tracking_core.i18n import catalogue

TEMPLATES = Path(__file__).parent / "templates"


class Lenient(dict[str, Any]):
    """For a template that asks for what may not be there: nothing then."""

    def __missing__(self, _key: str) -> str:
        return ""


def page(name: str, who: Visitor, *, http_status: int = 200, **context: Any) -> HTMLResponse:
    return HTMLResponse(rendered(name, who, **context), status_code=http_status)


def rendered(name: str, who: Visitor, **context: Any) -> str:
    """The template with who reads it, the paths and what else it names."""
    return environment(who.locale).get_template(name).render(who=who, paths=paths, **context)


@cache
def environment(locale: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(catalogue(locale), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(static=static_files.address, language=locale.replace("_", "-"))
    return made
