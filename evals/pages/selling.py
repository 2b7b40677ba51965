"""Sales of every fate, through the webhooks and on to the simulated Meta."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from evals.pages.hub import Hub
from evals.stack import wait_for
from tracking_core.gateways import registry
from tracking_core.gateways.base import SyntheticSale
from tracking_core.kit import clock
from tracking_core.pipeline.conversions import PURCHASE, event_id_of

_GATEWAY = "hotmart"
_AD = {"fbclid": "IwAR2exemplo", "utm_source": "facebook", "utm_medium": "cpc", "utm_campaign": "black-friday"}
_STANDS = """
SELECT count(*) = %s FROM deliveries d JOIN conversions c ON c.id = d.conversion_id
WHERE d.tenant_id = %s AND d.state = %s AND NOT c.is_synthetic
"""
_LISTED = {"approved": "paid", "refunded": "refunded", "pending": "pending"}
_ON_HOLD = "SELECT count(*) > 0 FROM meta_connections WHERE tenant_id = %s AND state = 'on_hold'"
_BUYERS = ("Mariana Alves", "João Pedro Lima", "Camila Rocha", "Rafael Souza", "Patrícia Gomes", "Lucas Martins")


@dataclass
class Selling:
    """One shop. ``secret`` signs its webhooks, which go to ``path``; its account of ``client_id`` lists the sales."""

    hub: Hub
    tenant_id: UUID
    write_key: str
    dataset: str
    path: str
    secret: str
    client_id: str = ""

    def click(self, click_id: str, *, consents: bool = True) -> None:
        """Somebody comes from the ad."""
        body = {"url": "https://loja.example/curso-de-violao", "click_id": click_id, "consent_ads": consents, **_AD}
        headers = {"X-Hub-Key": self.write_key, "User-Agent": "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile"}
        answer = httpx.post(f"{self.hub.origin}/track/click", json=body, headers=headers, trust_env=False)
        answer.raise_for_status()

    def sell(self, sale_id: str, kind: str = "approved", **facts: Any) -> None:
        """One webhook of this sale."""
        number = int("".join(filter(str.isdigit, sale_id)) or 0)
        given = {
            "amount": f"{97 + 50 * (number % 5)}.00",
            "email": f"cliente{number}@example.com",
            "name": _BUYERS[number % len(_BUYERS)],
            "product_name": "Curso de violão",
            **facts,
        }
        sale = SyntheticSale(sale_id=sale_id, kind=kind, occurred_at=clock.now() - timedelta(minutes=1), **given)
        inbound = registry.get(_GATEWAY).synthesize(sale, self.secret)
        headers = {**inbound.headers, "Content-Type": "application/json"}
        answer = httpx.post(
            f"{self.hub.origin}{self.path}", content=inbound.body, headers=headers, timeout=30, trust_env=False
        )
        answer.raise_for_status()
        if self.client_id and kind in _LISTED:
            self._list(sale)

    def _list(self, sale: SyntheticSale) -> None:
        """As the platform itself has it."""
        known = {"sale_id": sale.sale_id, "email": sale.email, "click_id": sale.click_id}
        state, cents = _LISTED[sale.kind], int(Decimal(sale.amount) * 100)
        place = {"vendor": _GATEWAY, "client_id": self.client_id, "at": sale.occurred_at.isoformat()}
        address = f"http://127.0.0.1:{self.hub.stack.vendors_port}/_control/listed"
        httpx.post(address, json={**known, **place, "state": state, "cents": cents}, trust_env=False).raise_for_status()

    def poison(self, sale_id: str) -> None:
        """Meta refuses just this one."""
        event_id = str(event_id_of(self.tenant_id, _GATEWAY, sale_id, PURCHASE))
        self.hub.fault("poison", self.dataset, event_id=event_id)

    def stands(self, count: int, state: str) -> None:
        """Wait until so many of its deliveries are there."""
        self.hub.until(_STANDS, count, self.tenant_id, state)

    def sale_id(self, sale_id: str) -> UUID:
        query = "SELECT id FROM conversions WHERE tenant_id = %s AND sale_id = %s"
        wait_for(lambda: bool(self.hub.stack.rows(query, self.tenant_id, sale_id)))
        [(found,)] = self.hub.stack.rows(query, self.tenant_id, sale_id)
        return UUID(str(found))


def of_every_fate(shop: Selling) -> None:
    """Delivered, refunded, waiting for its payment, withheld for want of consent, refused by Meta, and tried again."""
    for number in (1, 2, 3):
        shop.click(f"clique{number}")
        shop.sell(f"HP10000{number}", click_id=f"clique{number}")
    for number in (4, 5, 6, 7):
        shop.sell(f"HP10000{number}")
    shop.stands(7, "delivered")
    shop.sell("HP100007", "refunded")
    shop.sell("HP200001", "pending")
    shop.sell("HP200002", "pending", payment_method="boleto")
    shop.click("recusou", consents=False)
    shop.sell("HP300001", click_id="recusou")
    refused = [f"HP40000{number}" for number in range(1, 6)]
    for sale_id in refused:
        shop.poison(sale_id)
        shop.sell(sale_id)
    shop.stands(len(refused), "dead")


def one_tried_again(shop: Selling) -> None:
    """As long as Meta has this trouble, which nobody mends here."""
    shop.hub.mend(shop.dataset)
    shop.hub.fault("graph_500", shop.dataset)
    shop.sell("HP500001")
    shop.stands(1, "retrying")


def on_hold(shop: Selling) -> None:
    """Its token is good no more."""
    shop.hub.fault("code_190", shop.dataset)
    for number in (1, 2, 3):
        shop.sell(f"HP70000{number}")
    shop.hub.until(_ON_HOLD, shop.tenant_id)
