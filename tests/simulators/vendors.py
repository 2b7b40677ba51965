"""Calls to the simulated APIs of Hotmart and Kiwify, written from their documentation and not from our clients."""

import base64
from dataclasses import dataclass
from typing import Any

import httpx

from evals.simulators.providers.state import Account, State, Vendor

CLIENT, SECRET, ACCOUNT = "client-of-a-seller", "planted-client-secret", "account-of-a-seller"
SIGNING = "planted-webhook-token"
TOKEN_URL = {"hotmart": "/hotmart-auth/security/oauth/token", "kiwify": "/kiwify/v1/oauth/token"}
HISTORY = "/hotmart/payments/api/v1/sales/history"
WEBHOOKS = "/kiwify/v1/webhooks"


@dataclass
class Vendors:
    state: State
    url: str
    http: httpx.Client

    def allow(self, vendor: Vendor, **changes: Any) -> None:
        account = {"vendor": vendor, "client_id": CLIENT, "client_secret": SECRET, "account_id": ACCOUNT, **changes}
        self.state.register(Account.model_validate(account))

    def fault(self, vendor: Vendor, kind: str, **more: Any) -> None:
        fault = {"vendor": vendor, "kind": kind, **more}
        assert self.http.post("/_control/faults", json=fault).status_code == 204

    def hotmart(self, **changes: str) -> dict[str, str]:
        """The headers of a call to Hotmart's API."""
        query = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        answer = self.http.post(TOKEN_URL["hotmart"], params=query, headers={"authorization": basic()})
        return {"authorization": f"Bearer {answer.json()['access_token']}", **changes}

    def kiwify(self, **changes: str) -> dict[str, str]:
        """The headers of a call to Kiwify's API."""
        answer = self.http.post(TOKEN_URL["kiwify"], data={"client_id": CLIENT, "client_secret": SECRET})
        bearer = f"Bearer {answer.json()['access_token']}"
        return {"authorization": bearer, "x-kiwify-account-id": ACCOUNT, **changes}


def basic(client_id: str = CLIENT, secret: str = SECRET) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def webhook(url: str | None = "https://hub.example/webhooks/kiwify/ep_1", **changes: Any) -> dict[str, Any]:
    """A change to None takes the key out."""
    whole = {"name": "hub", "url": url, "products": "all", "triggers": ["compra_aprovada"], "token": SIGNING}
    return {key: value for key, value in (whole | changes).items() if value is not None}


def hotmart_sale(number: int, status: str = "APPROVED", **purchase: Any) -> dict[str, Any]:
    bought = {"transaction": f"HP{number}", "status": status, "order_date": 1_700_000_000_000 + number, **purchase}
    return {"product": {"id": 1}, "buyer": {"email": f"buyer{number}@example.com"}, "purchase": bought}
