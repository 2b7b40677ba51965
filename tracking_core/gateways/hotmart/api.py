"""Hotmart's API: OAuth with client credentials, then the sales history. Source: developers.hotmart.com, authentication
and sales history pages; what they leave out is marked where it matters. It has no webhook endpoints."""

import base64
import binascii
import re
from dataclasses import dataclass, field

from tracking_core.gateways.api import GatewayApi, GatewayCredentials, ProviderRefused, RegisteredWebhook
from tracking_core.gateways.api_answers import TIMEOUT_SECONDS, Panel, Token, told
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.kit.json_http import Answer, JsonClient
from tracking_core.settings import Settings
from tracking_core.setup.outcome import Outcome

PANEL = Panel(
    name="hotmart",
    label="Hotmart",
    where="Ferramentas > Credenciais Developers",
    webhooks="Ferramentas > Webhook",
)
PERMISSION = "sales/history"

_TOKEN_PATH = "/security/oauth/token"  # noqa: S105 - a path
_HISTORY_PATH = "/payments/api/v1/sales/history"
_EXCHANGE = f"POST {_TOKEN_PATH}"
_READ = f"GET {_HISTORY_PATH}"
_PASTED_PREFIX = re.compile(r"^(?:authorization:\s*)?basic\s+", re.IGNORECASE)
_PAIR = re.compile(rb"[!-~]+:[!-~]+")


def build(settings: Settings) -> GatewayApi:
    return HotmartApi(auth_url=settings.hotmart_auth_url, api_url=settings.hotmart_api_url)


@dataclass(frozen=True, slots=True)
class Ready:
    """Credentials fit to be sent. ``basic`` is sent first; ``computed`` is the one that id and secret make."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    basic: str = field(repr=False)
    computed: str = field(repr=False)


class HotmartApi:
    """Checks credentials; webhooks are created in Hotmart's panel."""

    name = "hotmart"
    required_fields: tuple[str, ...] = ("client_id", "client_secret")
    can_register_webhooks = False

    def __init__(self, *, auth_url: str, api_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._token_url = auth_url + _TOKEN_PATH
        self._history_url = api_url + _HISTORY_PATH
        self._timeout_seconds = timeout_seconds

    async def check(self, credentials: GatewayCredentials) -> Outcome:
        try:
            ready = ready_of(credentials)
            async with JsonClient(timeout_seconds=self._timeout_seconds) as http:
                token = await self._exchange(http, ready)
                answer = await self._read(http, token)
                if answer.status == 401:
                    token = await self._exchange(http, ready)
                    answer = await self._read(http, token)
            _require_history(answer)
        except ProviderRefused as refused:
            return refused.outcome
        return PANEL.success(_READ, answer, _facts(token))

    async def list_webhooks(self, credentials: GatewayCredentials) -> tuple[RegisteredWebhook, ...]:
        raise PANEL.by_hand()

    async def register_webhook(
        self,
        credentials: GatewayCredentials,
        *,
        name: str,
        url: str,
        token: str,
        triggers: tuple[str, ...] | None = None,
    ) -> RegisteredWebhook:
        raise PANEL.by_hand()

    async def delete_webhook(self, credentials: GatewayCredentials, webhook_id: str) -> None:
        raise PANEL.by_hand()

    async def _exchange(self, http: JsonClient, ready: Ready) -> Token:
        answer = await self._ask_token(http, ready, ready.basic)
        if _is_refused(answer) and ready.basic != ready.computed:
            await self._blame_basic(http, ready)
        if _is_refused(answer):
            raise PANEL.refusal(GatewayCode.WRONG_CREDENTIALS, told(_EXCHANGE, answer), answer)
        secrets = (ready.client_id, ready.client_secret, ready.basic, ready.computed)
        return PANEL.token_of(_EXCHANGE, answer, secrets)

    async def _blame_basic(self, http: JsonClient, ready: Ready) -> None:
        """Raise when id and secret work without the Basic that was given."""
        answer = await self._ask_token(http, ready, ready.computed)
        if answer.is_success:
            reason = "id and secret are accepted, the given Basic is not"
            raise PANEL.refusal(GatewayCode.BASIC_MISMATCH, reason, answer)

    async def _ask_token(self, http: JsonClient, ready: Ready, basic: str) -> Answer:
        """Id and secret stand in the query and again in the header, as Hotmart asks."""
        answer = await http.call(
            "POST",
            self._token_url,
            query={
                "grant_type": "client_credentials",
                "client_id": ready.client_id,
                "client_secret": ready.client_secret,
            },
            headers={"authorization": f"Basic {basic}", "content-type": "application/json"},
        )
        PANEL.require_sound(_EXCHANGE, answer)
        return answer

    async def _read(self, http: JsonClient, token: Token) -> Answer:
        answer = await http.call(
            "GET", self._history_url, query={"max_results": "1"}, headers={"authorization": f"Bearer {token.value}"}
        )
        PANEL.require_sound(_READ, answer)
        return answer


def ready_of(credentials: GatewayCredentials) -> Ready:
    client_id = PANEL.field_of("client_id", credentials.client_id)
    client_secret = PANEL.field_of("client_secret", credentials.client_secret)
    computed = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    pasted = _PASTED_PREFIX.sub("", (credentials.basic or "").strip())
    basic = PANEL.field_of("basic", pasted) if pasted else computed
    if pair := _pair_in(basic):
        _require_pair(pair, client_id, client_secret)
        basic = computed
    return Ready(client_id, client_secret, basic, computed)


def _pair_in(basic: str) -> str | None:
    """The ``id:secret`` a Basic is made of. One that is not is left to Hotmart to judge: a source calls it opaque."""
    try:
        decoded = base64.b64decode(basic + "=" * (-len(basic) % 4), validate=True)
    except binascii.Error:
        return None
    return decoded.decode("ascii") if _PAIR.fullmatch(decoded) else None


def _require_pair(pair: str, client_id: str, client_secret: str) -> None:
    if pair == f"{client_id}:{client_secret}":
        return
    is_other = pair.partition(":")[0] != client_id
    problem = "the Basic is of another client_id" if is_other else "the Basic holds another client_secret"
    raise PANEL.refusal(GatewayCode.BASIC_MISMATCH, problem)


def _is_refused(answer: Answer) -> bool:
    """Hotmart documents no body for wrong credentials, so the status decides."""
    return answer.status in (400, 401, 403)


def _require_history(answer: Answer) -> None:
    if answer.status == 403:
        raise PANEL.refusal(GatewayCode.PERMISSION_MISSING, told(_READ, answer), answer, permission=PERMISSION)
    if answer.status == 401:
        # A token made a moment ago: the sandbox's credentials get one here too, and the production API refuses it.
        raise PANEL.refusal(GatewayCode.WRONG_CREDENTIALS, told(_READ, answer), answer)
    # An account without sales has an empty list, and that is a success.
    if not answer.is_success or not answer.fields.keys() & {"items", "page_info"}:
        raise PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, told(_READ, answer), answer)


def _facts(token: Token) -> dict[str, object]:
    return {
        "account_id": None,
        "account_name": None,
        "scopes": list(token.scopes),
        "token_expires_in": token.expires_in,
        "can_register_webhooks": False,
        "checked_permission": PERMISSION,
    }
