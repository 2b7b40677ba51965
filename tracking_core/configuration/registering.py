"""Gateways' own APIs as this domain needs them: which register webhooks, and the calls with failures in our words."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tracking_core.configuration.ports import Credentials, ProviderWebhook, RegistrarFailed
from tracking_core.gateways.api import GatewayApi, GatewayCredentials, ProviderRefused, api_of, apis
from tracking_core.gateways.check_codes import MEANINGS, GatewayCode
from tracking_core.settings import Settings, get_settings
from tracking_core.setup.outcome import Fault

_Answer = TypeVar("_Answer")


def registering_gateways() -> tuple[str, ...]:
    """The gateways that let the hub register its webhook, in alphabetical order."""
    return tuple(sorted(name for name, api in apis(get_settings()).items() if api.can_register_webhooks))


@dataclass(frozen=True, slots=True)
class ApiRegistrar:
    """The WebhookRegistrar over the gateways' real APIs."""

    settings: Settings = field(repr=False)

    async def list_webhooks(self, gateway: str, credentials: Credentials) -> Sequence[ProviderWebhook]:
        listed = await _asked(self._api(gateway).list_webhooks(_theirs(credentials)))
        return [ProviderWebhook(one.id, one.url) for one in listed]

    async def register_webhook(
        self, gateway: str, credentials: Credentials, *, name: str, url: str, token: str
    ) -> ProviderWebhook:
        asked = self._api(gateway).register_webhook(_theirs(credentials), name=name, url=url, token=token)
        made = await _asked(asked)
        return ProviderWebhook(made.id, made.url)

    async def delete_webhook(self, gateway: str, credentials: Credentials, webhook_id: str) -> None:
        await _asked(self._api(gateway).delete_webhook(_theirs(credentials), webhook_id))

    def _api(self, gateway: str) -> GatewayApi:
        api = api_of(gateway, self.settings)
        if api is None:
            raise RegistrarFailed(f"{gateway} has no API")
        return api


async def _asked(call: Awaitable[_Answer]) -> _Answer:
    try:
        return await call
    except ProviderRefused as refused:
        outcome = refused.outcome
        raise RegistrarFailed(
            f"{outcome.code}: {outcome.reason}",
            is_ambiguous=refused.is_ambiguous,
            is_provider_fault=MEANINGS[GatewayCode(outcome.code)].fault is Fault.PROVIDER,
            return_code=outcome.return_code,
        ) from None


def _theirs(credentials: Credentials) -> GatewayCredentials:
    return GatewayCredentials(
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        basic=credentials.basic,
        account_id=credentials.account_id,
    )
