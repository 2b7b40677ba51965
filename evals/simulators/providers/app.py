"""The application: ``/hotmart-auth``, ``/hotmart``, ``/kiwify`` and ``/_control``."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from evals.simulators.providers import hotmart, kiwify
from evals.simulators.providers.listed import ListedSale, id_of, item_of
from evals.simulators.providers.sales import SaleWanted, play
from evals.simulators.providers.state import Account, Fault, State

_Asked = TypeVar("_Asked", bound=BaseModel)


def create_app(state: State | None = None) -> Starlette:
    kept = state or State()
    control = _Control(kept)
    return Starlette(
        routes=[
            Mount("/hotmart-auth", routes=hotmart.auth_routes(kept)),
            Mount("/hotmart", routes=hotmart.api_routes(kept)),
            Mount("/kiwify", routes=kiwify.routes(kept)),
            Mount("/_control", routes=control.routes()),
        ]
    )


class _Control:
    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        handlers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("/accounts", "POST", self._register),
            ("/faults", "POST", self._add_fault),
            ("/faults", "DELETE", self._clear_faults),
            ("/requests", "GET", self._requests),
            ("/webhooks", "GET", self._webhooks),
            ("/sales", "POST", self._sell),
            ("/listed", "POST", self._list),
            ("/reset", "POST", self._reset),
        ]
        return [Route(path, handler, methods=[method]) for path, method, handler in handlers]

    async def _register(self, request: Request) -> Response:
        self._state.register(await _asked(request, Account))
        return Response(None, 204)

    async def _add_fault(self, request: Request) -> Response:
        self._state.faults.append(await _asked(request, Fault))
        return Response(None, 204)

    async def _clear_faults(self, _request: Request) -> Response:
        self._state.faults.clear()
        return Response(None, 204)

    async def _requests(self, _request: Request) -> Response:
        """Method and route of every call, and how often each was made: nothing of what was sent."""
        return _json({"requests": list(self._state.requests), "counts": dict(self._state.counts)})

    async def _webhooks(self, _request: Request) -> Response:
        shown = {
            account: [{name: value for name, value in one.items() if name != "token"} for one in webhooks]
            for account, webhooks in self._state.webhooks.items()
        }
        return _json(shown)

    async def _sell(self, request: Request) -> Response:
        wanted = await _asked(request, SaleWanted)
        happened = partial(self._state.happened, "kiwify", self._state.client_of(wanted.account_id))
        return _json(await play(self._state.webhooks.get(wanted.account_id, []), wanted, happened))

    async def _list(self, request: Request) -> Response:
        """A sale that the vendor's API lists and no webhook tells of; its id there. 404 for an unknown client."""
        wanted = await _asked(request, ListedSale)
        item = item_of(wanted)
        sale_id = id_of(wanted.vendor, item)
        if not self._state.sold(wanted.vendor, wanted.client_id, sale_id, item):
            raise HTTPException(404, "client_id: is of no account.")
        return _json({"sale_id": sale_id})

    async def _reset(self, _request: Request) -> Response:
        self._state.reset()
        return Response(None, 204)


async def _asked(request: Request, model: type[_Asked]) -> _Asked:
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise HTTPException(422, f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg']}.") from None


def _json(said: object) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
