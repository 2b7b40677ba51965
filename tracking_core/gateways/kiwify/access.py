"""One seller's access to Kiwify's API. Source: docs.kiwify.com.br, API reference (oauth). Each call carries the token
and the account id; what an error looks like the reference does not say, so statuses decide."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from tracking_core.gateways.api import GatewayCredentials, ProviderRefused
from tracking_core.gateways.api_answers import Panel, Token, told
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.kit.json_http import Answer, JsonClient

PANEL = Panel(name="kiwify", label="Kiwify", where="Apps > API", webhooks="Apps > Webhooks")

_EXCHANGE = "POST /v1/oauth/token"


@dataclass(slots=True)
class Account:
    """For the calls of one operation; the token lives no longer."""

    http: JsonClient
    base_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    account_id: str
    token: Token | None = None

    async def call(self, method: str, path: str, *, may_be_empty: bool = False, **more: Any) -> Answer:
        """A sound answer (see ``Panel.require_sound``); ``path`` begins after ``/v1``.

        A 401 did nothing, whatever the method, so it is asked once more with a new token.
        """
        answer = await self._once(method, path, may_be_empty, more)
        if answer.status == 401:
            self.token = None
            answer = await self._once(method, path, may_be_empty, more)
        return answer

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.client_id, self.client_secret, *((self.token.value,) if self.token else ()))

    async def _once(self, method: str, path: str, may_be_empty: bool, more: dict[str, Any]) -> Answer:
        self.token = self.token or await self._exchange()
        headers = {"authorization": f"Bearer {self.token.value}", "x-kiwify-account-id": self.account_id}
        answer = await self.http.call(method, f"{self.base_url}/v1{path}", headers=headers, **more)
        with _changing_nothing() if method == "GET" else nullcontext():
            PANEL.require_sound(step_of(method, path), answer, may_be_empty=may_be_empty)
        return answer

    async def _exchange(self) -> Token:
        form = {"client_id": self.client_id, "client_secret": self.client_secret}
        answer = await self.http.call("POST", f"{self.base_url}/v1/oauth/token", form=form)
        with _changing_nothing():
            PANEL.require_sound(_EXCHANGE, answer)
            if answer.status in (400, 401, 403):
                raise PANEL.refusal(GatewayCode.WRONG_CREDENTIALS, told(_EXCHANGE, answer), answer)
            return PANEL.token_of(_EXCHANGE, answer, (self.client_id, self.client_secret))


@contextmanager
def _changing_nothing() -> Iterator[None]:
    """A refusal from inside leaves nothing open: the call could not have changed the account."""
    try:
        yield
    except ProviderRefused as refused:
        raise ProviderRefused(refused.outcome, is_ambiguous=False) from None


@asynccontextmanager
async def opened(credentials: GatewayCredentials, base_url: str, timeout_seconds: float) -> AsyncIterator[Account]:
    """Raises ProviderRefused before any I/O for credentials that cannot be sent."""
    client_id = PANEL.field_of("client_id", credentials.client_id)
    client_secret = PANEL.field_of("client_secret", credentials.client_secret)
    if not (credentials.account_id or "").strip():
        raise PANEL.refusal(GatewayCode.ACCOUNT_ID_MISSING, "account_id is empty")
    account_id = PANEL.field_of("account_id", credentials.account_id)
    async with JsonClient(timeout_seconds=timeout_seconds) as http:
        yield Account(http, base_url, client_id, client_secret, account_id)


def step_of(method: str, path: str) -> str:
    return f"{method} /v1{path}"
