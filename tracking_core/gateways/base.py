"""What a gateway must provide. ``docs/adding-a-gateway.md`` walks through writing one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tracking_core.gateways.sale_event import Ignored, SaleEvent


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A webhook before anything is believed: raw bytes, lower-case header names, last value of each query key."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]


class PayloadUnreadable(Exception):
    """An authentic payload that cannot be normalised. ``path`` names the field; the value is never repeated."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSale:
    """The facts of a made-up sale from which a gateway builds a webhook like its own.

    ``kind`` is one of the gateway's supported SaleEventKind values; ``click_id`` goes where the gateway returns it.
    ``parent_sale_id`` makes it an order bump of that sale where the gateway sells bumps as sales of their own;
    ``recurrence_number`` above 1 makes it the renewal of a subscription.
    """

    sale_id: str
    kind: str
    occurred_at: datetime
    amount: str = "197.00"
    currency: str = "BRL"
    email: str = "cliente@example.com"
    phone: str = "+5511987654321"
    name: str = "Cliente Exemplo"
    payment_method: str = "pix"
    product_id: str = "1234567"
    product_name: str = "Curso Exemplo"
    click_id: str | None = None
    parent_sale_id: str | None = None
    recurrence_number: int = 1


class Gateway(Protocol):
    """One folder under ``gateways/`` exports one of these as ``GATEWAY``."""

    name: str

    def verify(self, request: InboundRequest, secret: str) -> bool:
        """Whether the request was made with ``secret``: on the raw bytes, in constant time, never raising.

        An empty secret proves nothing and must give False.
        """
        ...

    def normalize(self, payload: dict[str, Any]) -> SaleEvent | Ignored:
        """The payload as a SaleEvent, or why it is none. Raises PayloadUnreadable on a wrong type or missing field."""
        ...

    def synthesize(self, sale: SyntheticSale, secret: str) -> InboundRequest:
        """A signed webhook in the gateway's own shape, which ``verify`` and ``normalize`` accept."""
        ...
