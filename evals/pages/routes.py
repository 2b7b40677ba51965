"""Which pages the application has, as its router says."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from api.ui.paths import is_page


def page_routes(app: FastAPI) -> set[str]:
    """The paths of the pages' GET routes."""
    return {path for path, methods in _routes(app.routes) if "GET" in methods and is_page(path)}


def _routes(found: Any) -> Iterator[tuple[str, set[str]]]:
    for route in found:
        if hasattr(route, "effective_route_contexts"):
            yield from _routes(route.effective_route_contexts())
        elif getattr(route, "path", None) is not None:
            yield route.path, set(getattr(route, "methods", None) or ())
