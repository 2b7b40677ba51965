"""The application: ``/ok`` is the seller's page with the fault ``/_control/page`` last ordered, ``/page`` the same page
without one, and ``/{fault}`` with that one."""

import orjson
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from evals.simulators.landing.answers import answer, healthz, login
from evals.simulators.landing.faults import Fault
from evals.simulators.landing.state import Settings, State


def create_app(state: State | None = None) -> Starlette:
    site = _Site(state or State())
    return Starlette(
        routes=[
            Route("/_control/page", site.change, methods=["PUT", "PATCH"]),
            Route("/_control/page", site.read, methods=["GET"]),
            Route("/healthz", healthz),
            Route("/entrar", login),
            Route("/hops/{left:int}", site.hop),
            Route("/{path}", site.visit),
            Route("/{path}/", site.visit),
        ]
    )


class _Site:
    def __init__(self, state: State) -> None:
        self._state = state

    async def visit(self, request: Request) -> Response:
        self._state.visits += 1
        path = request.path_params["path"]
        if path == "page":
            return await answer(request, self._state.settings, None)
        if path == "ok":
            return await answer(request, self._state.settings, self._state.settings.fault)
        if path not in set(Fault):
            raise HTTPException(404)
        return await answer(request, self._state.settings, Fault(path))

    async def hop(self, request: Request) -> Response:
        """One of a chain of redirects on the same host, the last to the page itself."""
        self._state.visits += 1
        left, root = request.path_params["left"], request.scope.get("root_path", "")
        return RedirectResponse(f"{root}/hops/{left - 1}" if left > 1 else f"{root}/page", 302)

    async def change(self, request: Request) -> Response:
        """PUT sets everything anew, PATCH only what it names. 422 says what is wrong and repeats nothing."""
        try:
            asked = orjson.loads(await request.body())
            kept = self._state.settings.model_dump() if request.method == "PATCH" else {}
            self._state.settings = Settings.model_validate({**kept, **asked})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise HTTPException(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
        except (orjson.JSONDecodeError, TypeError):
            raise HTTPException(422, "The body must be a JSON object.") from None
        return Response(None, 204)

    async def read(self, _request: Request) -> Response:
        """The settings, and how many visits there were."""
        said = {**self._state.settings.model_dump(), "visits": self._state.visits}
        return Response(orjson.dumps(said), media_type="application/json")
