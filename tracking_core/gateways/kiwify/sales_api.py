"""Kiwify's list of sales as webhooks. Source: docs.kiwify.com.br, API reference (sales: list, single) for paths, the
span of 90 days, statuses and the shape of an item with ``view_full_sale_details``.

Not said there, and made robust: in which zone the days of ``start_date`` and ``end_date`` are (a day more is asked for
at both ends, and what lies outside is passed over by whoever asks), how large a page may be, in what order the sales
come, and that the list's items have all that a single sale has (an item without its payment is unreadable, not free of
charge). The documented item has no word of a subscription, neither its id nor its charges, and ``parent_order_id`` is
documented without its meaning (it stands beside ``is_one_click``, an upsell's): whether a sale is a renewal only the
ledger may know (``reconciliation/renewals.py``).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tracking_core.gateways.api import GatewayCredentials
from tracking_core.gateways.api_answers import TIMEOUT_SECONDS, told
from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.fields import Fields
from tracking_core.gateways.kiwify.access import PANEL, Account, opened, step_of
from tracking_core.gateways.kiwify.tables import RENEWAL_EVENT, STATUS_KINDS, ZONE
from tracking_core.gateways.sale_event import SaleEventKind
from tracking_core.gateways.sales_api import ITEM_KEY, SalesApi, SalesPage
from tracking_core.kit.json_http import Answer
from tracking_core.settings import Settings

PERMISSION = "sales"
_PATH = "/sales"
_READ = step_of("GET", _PATH)
# Of whole sales; more may be too large an answer.
_PAGE_SIZE = 50
_DAY = timedelta(days=1)
_EVENTS = MappingProxyType(
    {
        SaleEventKind.APPROVED: "order_approved",
        SaleEventKind.PROTEST: "order_approved",  # a refund is asked for, none is given
        SaleEventKind.REFUNDED: "order_refunded",
        SaleEventKind.CHARGEBACK: "chargeback",
    }
)


def build(settings: Settings) -> SalesApi:
    return KiwifySales(api_url=settings.kiwify_api_url)


class KiwifySales:
    """The account's sales, all in one list."""

    name = "kiwify"
    parts = 1
    panel = PANEL

    def __init__(self, *, api_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._base_url, self._timeout_seconds = api_url, timeout_seconds

    @asynccontextmanager
    async def signed_in(self, credentials: GatewayCredentials) -> AsyncIterator["_Reader"]:
        async with opened(credentials, self._base_url, self._timeout_seconds) as account:
            yield _Reader(account)

    def as_webhook(self, item: dict[str, Any], *, seen_at: datetime) -> dict[str, Any] | None:
        sale, payment = Fields(item), Fields(item).child("payment")
        sale_id, status = sale.required_identifier("id"), self.said_status(item)
        kind = STATUS_KINDS.get(status)
        if kind is None:
            raise PayloadUnreadable("status", "is none of the vendor's")
        event = _EVENTS.get(kind)
        if event is None:
            return None
        if payment.money("charge_amount", "XXX", decimals=2, required=True) is None:
            raise PayloadUnreadable("payment.charge_amount", "missing")
        if sale.moment("created_at", ZONE) is None:
            raise PayloadUnreadable("created_at", "must be a date")
        return {**_order(item, sale_id, status, event, seen_at), ITEM_KEY: item}

    def as_renewal(self, webhook: dict[str, Any], subscription_id: str) -> dict[str, Any]:
        return {**webhook, "webhook_event_type": RENEWAL_EVENT, "subscription_id": subscription_id}

    def said_status(self, item: dict[str, Any]) -> str:
        return (Fields(item).text("status", 40) or "").lower()


class _Reader:
    def __init__(self, account: Account) -> None:
        self._account = account

    async def page(self, part: int, since: datetime, until: datetime, page: str | None) -> SalesPage:
        number = int(page or "1")
        query = {
            "start_date": (since.astimezone(ZONE) - _DAY).date().isoformat(),
            "end_date": (until.astimezone(ZONE) + _DAY).date().isoformat(),
            "view_full_sale_details": "true",
            "page_size": str(_PAGE_SIZE),
            "page_number": str(number),
        }
        return _page_of(await self._account.call("GET", _PATH, query=query), number)


def _page_of(answer: Answer, number: int) -> SalesPage:
    if answer.status in (401, 403):
        raise PANEL.refusal(GatewayCode.PERMISSION_MISSING, told(_READ, answer), answer, permission=PERMISSION)
    items = answer.fields.get("data")
    if not answer.is_success or not isinstance(items, list):
        raise PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, told(_READ, answer), answer)
    # A vendor that gives smaller pages than were asked for says so.
    size = Fields(answer.fields).child("pagination").count("page_size") or _PAGE_SIZE
    return SalesPage(tuple(items), str(number + 1) if len(items) >= min(size, _PAGE_SIZE) else None)


def _order(item: dict[str, Any], sale_id: str, status: str, event: str, seen_at: datetime) -> dict[str, Any]:
    """The webhook's names for what the list calls otherwise. When a sale was charged back the item does not say."""
    payment, product, customer = (Fields(item).child(name) for name in ("payment", "product", "customer"))
    amount, currency = payment.integer("charge_amount"), payment.text("charge_currency") or item.get("currency")
    reached_at = item.get("updated_at") or seen_at.isoformat()
    return {
        "order_id": sale_id,
        "order_status": status,
        "webhook_event_type": event,
        "payment_method": item.get("payment_method"),
        "installments": item.get("installments"),
        "created_at": item.get("created_at"),
        # It stands in the id of the event, and the vendor changes it for what is no news of the sale.
        "updated_at": item.get("approved_date") or item.get("created_at") if event == "order_approved" else reached_at,
        "approved_date": item.get("approved_date"),
        "refunded_at": item.get("refunded_at"),
        "Product": {"product_id": product.text("id"), "product_name": product.text("name")},
        "Customer": _customer(customer),
        "Commissions": {"charge_amount": amount, "currency": currency},
        "TrackingParameters": item.get("tracking") if isinstance(item.get("tracking"), dict) else {},
    }


def _customer(said: Fields) -> dict[str, Any]:
    address = said.child("address")
    return {
        "full_name": said.text("name"),
        "email": said.text("email"),
        "mobile": said.text("mobile"),
        "CPF": said.text("cpf"),
        "cnpj": said.text("cnpj"),
        "country": said.text("country"),
        "city": address.text("city"),
        "state": address.text("state"),
        "zipcode": address.text("zipcode"),
    }
