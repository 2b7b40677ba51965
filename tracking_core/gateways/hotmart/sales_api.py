"""Hotmart's sales history as webhooks. Source: developers.hotmart.com, sales history page, for paths, filters, words
and the shape of an item.

Not said there, and made robust: whether ``start_date`` and ``end_date`` (milliseconds) look at the order or at its
approval (read as the order's; what lies outside is passed over by whoever asks), and when a sale was refunded or
charged back (the item has no such date: the moment it was seen stands for it). Without ``transaction_status`` only
APPROVED and COMPLETE are listed, so each status that money has moved in is asked for by its name. A buyer's phone and
document are not in the items.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tracking_core.gateways.api import GatewayCredentials
from tracking_core.gateways.api_answers import TIMEOUT_SECONDS, Token, told
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.fields import Fields
from tracking_core.gateways.hotmart.api import PANEL, PERMISSION, HotmartApi, Ready, ready_of
from tracking_core.gateways.sales_api import ITEM_KEY, PAGE_TOKEN_LIMIT, SalesApi, SalesPage
from tracking_core.kit.json_http import Answer, JsonClient
from tracking_core.settings import Settings

# In the order in which a sale goes through them, so that one that moves on while it is read is seen where it went.
STATUSES = ("APPROVED", "COMPLETE", "PROTESTED", "PARTIALLY_REFUNDED", "REFUNDED", "CHARGEBACK")
_EVENTS = MappingProxyType(
    {
        "APPROVED": "PURCHASE_APPROVED",
        "COMPLETE": "PURCHASE_APPROVED",  # the same sale, its time for a refund over
        "COMPLETED": "PURCHASE_APPROVED",
        "PROTESTED": "PURCHASE_APPROVED",  # a refund is asked for, none is given
        "DISPUTE": "PURCHASE_APPROVED",
        "PARTIALLY_REFUNDED": "PURCHASE_APPROVED",  # the webhooks have no word for it either
        "REFUNDED": "PURCHASE_REFUNDED",
        "CHARGEBACK": "PURCHASE_CHARGEBACK",
    }
)
_PATH = "/payments/api/v1/sales/history"
_READ = f"GET {_PATH}"
# The vendor's largest page.
_PAGE_SIZE = 50
_BODY_LIMIT_BYTES = 1_048_576


def build(settings: Settings) -> SalesApi:
    return HotmartSales(auth_url=settings.hotmart_auth_url, api_url=settings.hotmart_api_url)


class HotmartSales(HotmartApi):
    """The account's sales, status by status."""

    parts = len(STATUSES)
    panel = PANEL

    def __init__(self, *, auth_url: str, api_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__(auth_url=auth_url, api_url=api_url, timeout_seconds=timeout_seconds)
        self.list_url = api_url + _PATH

    @asynccontextmanager
    async def signed_in(self, credentials: GatewayCredentials) -> AsyncIterator["_Reader"]:
        ready = ready_of(credentials)
        async with JsonClient(timeout_seconds=self._timeout_seconds, body_limit_bytes=_BODY_LIMIT_BYTES) as http:
            yield _Reader(self, http, ready)

    async def token(self, http: JsonClient, ready: Ready) -> Token:
        return await self._exchange(http, ready)

    def as_webhook(self, item: dict[str, Any], *, seen_at: datetime) -> dict[str, Any] | None:
        purchase = Fields(item).required_child("purchase")
        sale_id, status = purchase.required_identifier("transaction"), self.said_status(item)
        event = _EVENTS.get(status)
        if event is None:
            raise PayloadUnreadable("purchase.status", "is none that was asked for")
        ordered_at = purchase.epoch_ms("order_date")
        if ordered_at is None:
            raise PayloadUnreadable("purchase.order_date", "must be milliseconds since 1970")
        reached_at = (purchase.epoch_ms("approved_date") or ordered_at) if event == "PURCHASE_APPROVED" else seen_at
        return {
            "id": f"sales_api:{sale_id}:{event}",
            "creation_date": round(reached_at.timestamp() * 1_000),
            "event": event,
            "data": {**_people_and_product(item), "purchase": _purchase(item["purchase"])},
            ITEM_KEY: item,
        }

    def said_status(self, item: dict[str, Any]) -> str:
        return (Fields(item).child("purchase").text("status", 40) or "").upper()


class _Reader:
    """Signs in when it must; a token that is refused is changed once."""

    def __init__(self, api: HotmartSales, http: JsonClient, ready: Ready) -> None:
        self._api, self._http, self._ready = api, http, ready
        self._token: Token | None = None

    async def page(self, part: int, since: datetime, until: datetime, page: str | None) -> SalesPage:
        query = {
            "max_results": str(_PAGE_SIZE),
            "transaction_status": STATUSES[part],
            "start_date": str(_ms(since)),
            "end_date": str(_ms(until)),
            **({"page_token": page} if page else {}),
        }
        answer = await self._read(query)
        if answer.status == 401:
            self._token = None
            answer = await self._read(query)
        return _page_of(answer)

    async def _read(self, query: dict[str, str]) -> Answer:
        self._token = self._token or await self._api.token(self._http, self._ready)
        headers = {"authorization": f"Bearer {self._token.value}"}
        answer = await self._http.call("GET", self._api.list_url, query=query, headers=headers)
        PANEL.require_sound(_READ, answer)
        return answer


def _page_of(answer: Answer) -> SalesPage:
    if answer.status == 403:
        raise PANEL.refusal(GatewayCode.PERMISSION_MISSING, told(_READ, answer), answer, permission=PERMISSION)
    if answer.status == 401:
        raise PANEL.refusal(GatewayCode.WRONG_CREDENTIALS, told(_READ, answer), answer)
    items, info = answer.fields.get("items", []), Fields(answer.fields).child("page_info")
    is_list = answer.fields.keys() & {"items", "page_info"} and isinstance(items, list)
    if not answer.is_success or not is_list:
        raise PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, told(_READ, answer), answer)
    return SalesPage(tuple(items), info.text("next_page_token", PAGE_TOKEN_LIMIT))


def _people_and_product(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("product", "buyer", "producer") if isinstance(item.get(name), dict)}


def _purchase(said: dict[str, Any]) -> dict[str, Any]:
    """The webhook's names for what the list calls otherwise."""
    price, tracking = Fields(said).child("price"), Fields(said).child("tracking")
    names = {"xcod": "external_code", "sck": "source_sck", "src": "source"}
    origin = {name: tracking.text(theirs) for name, theirs in names.items()}
    value = said["price"].get("value") if isinstance(said.get("price"), dict) else None
    return {
        **said,
        "price": {"value": value, "currency_value": price.text("currency_code") or price.text("currency_value")},
        "recurrence_number": said.get("recurrency_number", said.get("recurrence_number")),
        "origin": {name: text for name, text in origin.items() if text},
    }


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
