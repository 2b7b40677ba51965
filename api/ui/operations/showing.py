"""A page of the console: what every one of its templates is given."""

from typing import Any

from starlette.responses import HTMLResponse

from api.ui.operations.faces import Console
from api.ui.operations.sayings import Sayings
from api.ui.rendering import page
from tracking_core.kit import clock

_UNPROCESSABLE = 422


def show(name: str, console: Console, *, http_status: int | None = None, **context: Any) -> HTMLResponse:
    """The template of this name. A form with errors comes back as such."""
    form = context.get("form")
    status = http_status or (_UNPROCESSABLE if form is not None and form.errors else 200)
    say, now = Sayings(console.who.locale), clock.now()
    template = f"operations/{name}.html"
    return page(template, console.who, http_status=status, console=console, say=say, now=now, **context)
