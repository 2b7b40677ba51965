"""Kiwify's API: the account behind the account id, and the webhooks. Source: docs.kiwify.com.br, API reference
(account-details, webhooks)."""

import re
from typing import Any

from tracking_core.gateways.api import GatewayApi, GatewayCredentials, ProviderRefused, RegisteredWebhook
from tracking_core.gateways.api_answers import TIMEOUT_SECONDS, error_word, shown_id, shown_name, told
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.gateways.kiwify.access import PANEL, Account, opened, step_of
from tracking_core.kit.json_http import Answer
from tracking_core.settings import Settings
from tracking_core.setup.outcome import Outcome

PERMISSION = "webhooks"
# The vendor's own names, each of which the normaliser knows.
TRIGGERS = (
    "boleto_gerado",
    "pix_gerado",
    "carrinho_abandonado",
    "compra_recusada",
    "compra_aprovada",
    "compra_reembolsada",
    "chargeback",
    "subscription_canceled",
    "subscription_late",
    "subscription_renewed",
)

_ACCOUNT_PATH = "/account-details"
_WEBHOOKS_PATH = "/webhooks"
_READ_ACCOUNT = step_of("GET", _ACCOUNT_PATH)
_LIST = step_of("GET", _WEBHOOKS_PATH)
_CREATE = step_of("POST", _WEBHOOKS_PATH)
_DELETE = step_of("DELETE", _WEBHOOKS_PATH)
_PAGE_SIZE = 100
_PAGES_MAX = 20
_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCOPE_WORDS = frozenset({"insufficient_scope", "unauthorized_client"})
_NAMES_A_RIGHT = re.compile(r"permission|permiss[ãa]o|scope|escopo", re.IGNORECASE)


def build(settings: Settings) -> GatewayApi:
    return KiwifyApi(api_url=settings.kiwify_api_url)


class KiwifyApi:
    """Checks credentials and keeps our webhook in the seller's account."""

    name = "kiwify"
    required_fields: tuple[str, ...] = ("client_id", "client_secret", "account_id")
    can_register_webhooks = True

    def __init__(self, *, api_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._base_url = api_url
        self._timeout_seconds = timeout_seconds

    async def check(self, credentials: GatewayCredentials) -> Outcome:
        """A token says nothing of the account id; the account's details do. Then the right the hub needs: webhooks."""
        try:
            async with opened(credentials, self._base_url, self._timeout_seconds) as account:
                details = await account.call("GET", _ACCOUNT_PATH)
                _require_account(details, account.account_id)
                answer = await account.call("GET", _WEBHOOKS_PATH, query=_page(1, size=1))
                _listed(answer)
        except ProviderRefused as refused:
            return refused.outcome
        return PANEL.success(_LIST, answer, _facts(account, details))

    async def list_webhooks(self, credentials: GatewayCredentials) -> tuple[RegisteredWebhook, ...]:
        found: dict[str, RegisteredWebhook] = {}
        async with opened(credentials, self._base_url, self._timeout_seconds) as account:
            for number in range(1, _PAGES_MAX + 1):
                listed = _listed(await account.call("GET", _WEBHOOKS_PATH, query=_page(number, size=_PAGE_SIZE)))
                found |= {webhook.id: webhook for one in listed if (webhook := _webhook_of(one))}
                if len(listed) < _PAGE_SIZE:
                    break
        return tuple(found.values())

    async def register_webhook(
        self,
        credentials: GatewayCredentials,
        *,
        name: str,
        url: str,
        token: str,
        triggers: tuple[str, ...] | None = None,
    ) -> RegisteredWebhook:
        wanted = TRIGGERS if triggers is None else triggers
        if not token or not wanted or not set(wanted) <= set(TRIGGERS):
            raise ValueError("a webhook needs a token, and triggers that Kiwify has")
        body = {"name": name, "url": url, "products": "all", "triggers": list(wanted), "token": token}
        async with opened(credentials, self._base_url, self._timeout_seconds) as account:
            answer = await account.call("POST", _WEBHOOKS_PATH, body=body)
        _require_done(_CREATE, answer)
        if webhook := _webhook_of(answer.json):
            return webhook
        # It seems to be there, but we do not know as what.
        refusal = PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, f"{told(_CREATE, answer)}, no webhook", answer)
        raise ProviderRefused(refusal.outcome, is_ambiguous=True)

    async def delete_webhook(self, credentials: GatewayCredentials, webhook_id: str) -> None:
        if not _WEBHOOK_ID.fullmatch(webhook_id):
            raise ValueError("not the id of a webhook")
        async with opened(credentials, self._base_url, self._timeout_seconds) as account:
            answer = await account.call("DELETE", f"{_WEBHOOKS_PATH}/{webhook_id}", may_be_empty=True)
        if answer.status not in (404, 410):
            _require_done(_DELETE, answer)


def _require_account(answer: Answer, account_id: str) -> None:
    if answer.status == 403 and _names_a_right(answer):
        raise PANEL.refusal(
            GatewayCode.PERMISSION_MISSING, told(_READ_ACCOUNT, answer), answer, permission="account-details"
        )
    # The token was made a moment ago, so what is refused is the account it was sent with.
    if not answer.is_success:
        raise PANEL.refusal(GatewayCode.WRONG_ACCOUNT_ID, told(_READ_ACCOUNT, answer), answer)
    theirs = answer.fields.get("id")
    if not isinstance(theirs, str):
        raise PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, f"{told(_READ_ACCOUNT, answer)}, no account", answer)
    if theirs != account_id:
        raise PANEL.refusal(GatewayCode.WRONG_ACCOUNT_ID, "The answer is of another account.", answer)


def _names_a_right(answer: Answer) -> bool:
    """Both a missing right and a foreign account are forbidden; only the words tell them apart."""
    return error_word(answer) in _SCOPE_WORDS or bool(_NAMES_A_RIGHT.search(str(answer.fields.get("message", ""))))


def _listed(answer: Answer) -> list[Any]:
    """The page's items. The account was accepted before, so a refusal here is a missing right."""
    _require_done(_LIST, answer)
    listed = answer.fields.get("data")
    if not isinstance(listed, list):
        raise PANEL.refusal(GatewayCode.UNEXPECTED_ANSWER, f"{told(_LIST, answer)}, no list", answer)
    return listed


def _require_done(step: str, answer: Answer) -> None:
    if answer.is_success:
        return
    if answer.status in (401, 403):
        raise PANEL.refusal(GatewayCode.PERMISSION_MISSING, told(step, answer), answer, permission=PERMISSION)
    is_list = step == _LIST
    code = GatewayCode.UNEXPECTED_ANSWER if is_list else GatewayCode.WEBHOOK_REFUSED
    raise PANEL.refusal(code, told(step, answer), answer)


def _webhook_of(said: object) -> RegisteredWebhook | None:
    fields = said if isinstance(said, dict) else {}
    webhook_id, url = fields.get("id"), fields.get("url")
    if not (isinstance(webhook_id, str) and _WEBHOOK_ID.fullmatch(webhook_id) and isinstance(url, str)):
        return None
    name, token, triggers = fields.get("name"), fields.get("token"), fields.get("triggers")
    listed = triggers if isinstance(triggers, list) else []
    return RegisteredWebhook(
        id=webhook_id,
        name=name if isinstance(name, str) else "",
        url=url,
        triggers=tuple(one for one in listed if isinstance(one, str)),
        token=token if isinstance(token, str) and token else None,
    )


def _page(number: int, *, size: int) -> dict[str, str]:
    return {"page_size": str(size), "page_number": str(number)}


def _facts(account: Account, details: Answer) -> dict[str, Any]:
    token = account.token
    return {
        "account_id": shown_id(account.account_id),
        "account_name": shown_name(details.fields.get("company_name"), account.secrets),
        "scopes": list(token.scopes) if token else [],
        "token_expires_in": token.expires_in if token else None,
        "can_register_webhooks": True,
        "checked_permission": PERMISSION,
    }
