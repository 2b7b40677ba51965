"""The control API: ``POST /sales`` plays a sale's history, ``POST /traffic`` many at a rate; loopback targets only."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from evals.simulators.gateways import hotmart, kiwify
from evals.simulators.gateways.facts import HISTORIES, Facts, payment_of
from evals.simulators.gateways.sender import Delivery, Sender
from evals.simulators.providers.accounts import Vendor

Wanted = TypeVar("Wanted", bound=BaseModel)
Happened = Callable[[Vendor, str, Facts, str], None]
_GATEWAYS = {"hotmart": hotmart, "kiwify": kiwify}
_MIX = ("pix_paid", "card_approved", "boleto_paid", "refunded", "card_refused", "abandoned")


def _unlisted(_vendor: Vendor, _client_id: str, _facts: Facts, _step: str) -> None:
    """The checkouts alone, without the vendors' APIs: nobody lists anything."""


def _on_loopback(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or not ip_address(parts.hostname).is_loopback:
        raise ValueError("must be http on a loopback address")
    return url


class Shop(BaseModel):
    """Whose webhooks, where to, and what signs them. The vendor's account of ``client_id`` lists the sales, too."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    gateway: Vendor
    webhook_url: Annotated[str, AfterValidator(_on_loopback)]
    secret: str = Field(min_length=1, max_length=512)
    time_scale: float = Field(default=0.2, ge=0, le=1)
    client_id: str = Field(default="", max_length=200)


class SaleWanted(Shop):
    """``duplicates`` sends each webhook that often; ``reorder`` sends the newest first; ``forge`` signs wrongly."""

    history: str = "pix_paid"
    sale_id: str | None = Field(default=None, max_length=64)
    cents: int = Field(default=19_700, ge=0, le=100_000_000)
    email: str = "comprador@example.com"
    phone: str = Field(default="11912345678", pattern=r"^\d{10,11}$")
    name: str = "Maria Souza"
    click_id: str | None = None
    utm: dict[str, str] = {}
    duplicates: int = Field(default=1, ge=1, le=10)
    reorder: bool = False
    forge: bool = False
    wrapped: bool = False


class TrafficWanted(Shop):
    """``sales`` random sales at ``per_second``; the same ``seed`` gives the same sales."""

    sales: int = Field(ge=1, le=10_000)
    per_second: float = Field(gt=0, le=500)
    seed: int = 7


def create_app(happened: Happened = _unlisted) -> Starlette:
    """``happened`` is told of each step of a sale that an account is to list."""
    sender = Sender()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await sender.close()

    async def sales(request: Request) -> Response:
        wanted = await _read(request, SaleWanted)
        if wanted.history not in HISTORIES:
            raise HTTPException(422, f"history is one of {', '.join(HISTORIES)}")
        return _json(await _play(sender, wanted, happened))

    async def traffic(request: Request) -> Response:
        return _json(await _traffic(sender, await _read(request, TrafficWanted), happened))

    async def resend(request: Request) -> Response:
        delivery = sender.kept.get(request.path_params["id"])
        if delivery is None:
            raise HTTPException(404, "no such delivery")
        return _json((await sender.attempt(delivery)).shown())

    async def deliveries(_request: Request) -> Response:
        return _json({"deliveries": [delivery.shown() for delivery in sender.kept.values()]})

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/sales", sales, methods=["POST"]),
            Route("/traffic", traffic, methods=["POST"]),
            Route("/deliveries", deliveries),
            Route("/deliveries/{id}/resend", resend, methods=["POST"]),
        ],
    )


async def _read(request: Request, kind: type[Wanted]) -> Wanted:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors()[0]
        raise HTTPException(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


async def _play(sender: Sender, wanted: SaleWanted, happened: Happened) -> dict[str, Any]:
    facts = _facts(wanted)
    for step in HISTORIES[wanted.history] if wanted.client_id else ():
        happened(wanted.gateway, wanted.client_id, _of_step(facts, step), step)
    made = _deliveries(wanted, facts)
    if wanted.reorder:
        made.reverse()
    sent: list[Delivery] = []
    for delivery in made:
        for _ in range(wanted.duplicates):
            copy = replace(delivery, id=f"{delivery.id}{len(sent)}", statuses=[], latencies_ms=[])
            sent.append(await sender.send(copy, time_scale=0 if wanted.forge else wanted.time_scale))
    return {"sale_id": _public_id(wanted.gateway, facts), "deliveries": [one.shown() for one in sent]}


def _facts(wanted: SaleWanted) -> Facts:
    given = wanted.model_dump(include={"cents", "email", "phone", "name", "click_id", "utm"})
    if wanted.sale_id:
        given["sale_id"] = wanted.sale_id
    return Facts(payment=payment_of(wanted.history), **given)


def _deliveries(wanted: SaleWanted, facts: Facts) -> list[Delivery]:
    """One for each step the gateway tells about."""
    vendor = _GATEWAYS[wanted.gateway]
    made = []
    for number, step in enumerate(HISTORIES[wanted.history]):
        if wanted.gateway == "kiwify" and step in kiwify.SILENT:
            continue
        body = vendor.body(_of_step(facts, step), step, facts.moment(number))
        if wanted.gateway == "kiwify" and wanted.wrapped:
            body = kiwify.wrapped(body, wanted.webhook_url, wanted.secret)
        headers, query = vendor.signed(body, "wrong" if wanted.forge else wanted.secret)
        made.append(Delivery(step, wanted.webhook_url, body, headers, query))
    return made


def _of_step(facts: Facts, step: str) -> Facts:
    if step == "renewal":
        return replace(facts, sale_id=f"{facts.sale_id}R2", recurrence=2, parent=facts.sale_id)
    return replace(facts, sale_id=f"{facts.sale_id}B1", parent=facts.sale_id) if step == "bump" else facts


def _public_id(gateway: str, facts: Facts) -> str:
    return kiwify.order_id(facts.sale_id) if gateway == "kiwify" else facts.sale_id


async def _traffic(sender: Sender, wanted: TrafficWanted, happened: Happened) -> dict[str, object]:
    random_, shop = random.Random(wanted.seed), wanted.model_dump(include=set(Shop.model_fields))
    async with asyncio.TaskGroup() as group:
        played = []
        for number in range(wanted.sales):
            sale = SaleWanted(
                **shop,
                history=random_.choice(_MIX),
                sale_id=f"HPT{wanted.seed}N{number}",
                cents=random_.randint(990, 199_700),
                email=f"comprador{random_.randint(0, wanted.sales)}@example.com",
            )
            played.append(group.create_task(_play(sender, sale, happened)))
            await asyncio.sleep(1 / wanted.per_second)
    told = [one for task in played for one in task.result()["deliveries"]]
    return {"sales": wanted.sales, "deliveries": len(told), "accepted": sum(one["is_accepted"] for one in told)}


def _json(said: object) -> Response:
    return Response(orjson.dumps(said), media_type="application/json")
