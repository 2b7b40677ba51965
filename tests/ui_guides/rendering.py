"""The guides' templates as a page uses them, in an environment of the tests' own."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import api.ui
from api.ui.guides import Guide
from tracking_core.i18n import translate

UI = Path(api.ui.__file__).parent
TEMPLATES = UI / "templates"


@cache
def environment(locale: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: translate(message, locale),
        lambda one, many, count: translate(one if count == 1 else many, locale),
        newstyle=True,
    )
    return made


def rendered(guide: Guide, locale: str, id_prefix: str = "one") -> str:
    page = environment(locale).from_string(
        '{% from "guides/guide.html" import guide with context %}{{ guide(g, id_prefix) }}'
    )
    return page.render(g=guide, id_prefix=id_prefix)
