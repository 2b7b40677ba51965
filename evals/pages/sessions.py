"""A seller's setup through the API: for what a picture needs and nobody has to click for."""

from dataclasses import dataclass
from typing import Any

import httpx

from evals.pages.hub import Hub
from evals.pages.setting_up import HOTTOK
from evals.simulators.providers.state import DEMO_HOTMART
from tracking_core.tenants.service import NewTenant

_SESSIONS = "/api/v1/setup/sessions"
_SETTLED = """
SELECT NOT EXISTS (SELECT FROM setup_messages WHERE session_id = %(id)s AND role = 'seller' AND turn_id IS NULL)
    AND NOT EXISTS (SELECT FROM setup_turns WHERE session_id = %(id)s AND state = 'running')
    AND NOT EXISTS (SELECT FROM setup_intents WHERE session_id = %(id)s AND state = 'queued')
    AND NOT EXISTS (SELECT FROM setup_sessions WHERE id = %(id)s AND state = 'working')
"""


@dataclass(frozen=True)
class Setup:
    """``dataset`` is the shop's at Meta."""

    hub: Hub
    shop: NewTenant
    dataset: str
    id: str

    @property
    def token(self) -> str:
        return f"EAAPagesToken{self.dataset}abcdefghijklmnopqrstuv"

    def check(self, name: str, body: dict[str, Any]) -> str:
        """The code it came to."""
        return str(self._post(f"actions/{name}", body)["code"])

    def check_gateway(self, *, client_secret: str = DEMO_HOTMART.client_secret) -> str:
        credentials = {"client_id": DEMO_HOTMART.client_id, "client_secret": client_secret}
        body = {"gateway": "hotmart", "credentials": credentials, "webhook_secret": HOTTOK}
        return self.check("validate_gateway_credentials", body)

    def check_meta(self, token: str = "") -> str:
        return self.check("validate_meta_token", {"dataset_id": self.dataset, "access_token": token or self.token})

    def check_page(self, path: str = "ok") -> str:
        page = {"script": f"{self.hub.origin}/t.js?key={self.shop.write_key}", "pixel_id": self.dataset}
        httpx.put(f"{self.hub.landing}/_control/page", json=page, trust_env=False).raise_for_status()
        return self.check("probe_landing_url", {"url": f"{self.hub.landing}/{path}"})

    def plan(self) -> None:
        self._post("plan", {})

    def say(self, *texts: str) -> None:
        """Each is answered before the next."""
        for text in texts:
            self._post("chat", {"text": text})
            self.settle()

    def settle(self) -> None:
        self.hub.until(_SETTLED % {"id": f"'{self.id}'"})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _asked(self.hub, self.shop, f"{self.id}/{path}", body)


def begin(hub: Hub, shop: NewTenant, dataset: str) -> Setup:
    made = _asked(hub, shop, "", {"tenant_id": str(shop.tenant_id)})
    return Setup(hub, shop, dataset, made["session_id"])


def _asked(hub: Hub, shop: NewTenant, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {shop.secret_key}", "Accept-Language": "pt-BR"}
    address = f"{hub.origin}{_SESSIONS}/{path}".rstrip("/")
    answer = httpx.post(address, json=body, headers=headers, timeout=60, trust_env=False)
    answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    return said
