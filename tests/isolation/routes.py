"""Every route the application has, as its own router says, and who is let in by what it depends on."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api import deps, operators, staff
from api.collect import PATHS
from api.ui import visitor
from api.ui.paths import is_page


class Door(StrEnum):
    """Whose credential opens a route."""

    ANYBODY = "anybody"
    TENANT = "a tenant's secret key"
    STAFF_KEY = "a staff key"
    OPERATOR_KEY = "an operator's staff key"
    SIGNED_IN = "somebody signed in"
    SUPPORT = "support, signed in"
    OPERATOR = "an operator, signed in"


# The narrowest comes first.
_DOORS: dict[Any, Door] = {
    operators._operator: Door.OPERATOR_KEY,
    staff._staff: Door.STAFF_KEY,
    deps._tenant: Door.TENANT,
    deps.caller: Door.TENANT,
    visitor._operator: Door.OPERATOR,
    visitor._support: Door.SUPPORT,
    visitor._signed_in: Door.SIGNED_IN,
}
KEYS = (Door.TENANT, Door.STAFF_KEY, Door.OPERATOR_KEY)
PAGES = (Door.SIGNED_IN, Door.SUPPORT, Door.OPERATOR)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    door: Door

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return is_page(self.path)

    @property
    def is_stream(self) -> bool:
        return self.path.endswith("/events")


def routes_of(app: FastAPI) -> list[Route]:
    """HEAD and the methods that answer nothing but 405 are left out; what is answered before the router is added."""
    found = [Route("POST", path, Door.ANYBODY) for path in PATHS]
    for one in iter_route_contexts(app.routes):
        dependant = getattr(one, "dependant", None)
        called = set(_called(dependant)) if dependant else set()
        door = next((door for call, door in _DOORS.items() if call in called), Door.ANYBODY)
        methods = set(getattr(one, "methods", None) or ()) - {"HEAD"}
        assert one.path is not None
        if not (methods > {"GET", "DELETE"} and one.path in PATHS):
            found += [Route(method, one.path, door) for method in sorted(methods)]
    return found


def _called(dependant: Any) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _called(one)
