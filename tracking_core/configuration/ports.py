"""What applying a configuration needs from outside: webhooks registered at a gateway."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a gateway's API asks for, in clear; never printed."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    basic: str | None = field(default=None, repr=False)
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderWebhook:
    """A webhook as the gateway lists it."""

    id: str
    url: str


class RegistrarFailed(Exception):
    """The gateway did not do it. ``is_ambiguous``: it may have, and the answer was lost. ``reason`` is masked."""

    def __init__(
        self,
        reason: str,
        *,
        is_ambiguous: bool = False,
        is_provider_fault: bool = False,
        return_code: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.return_code = reason, return_code
        self.is_ambiguous, self.is_provider_fault = is_ambiguous, is_provider_fault


class WebhookRegistrar(Protocol):
    """A gateway's own list of webhooks. Every call has a total timeout and raises RegistrarFailed."""

    async def list_webhooks(self, gateway: str, credentials: Credentials) -> Sequence[ProviderWebhook]: ...

    async def register_webhook(
        self, gateway: str, credentials: Credentials, *, name: str, url: str, token: str
    ) -> ProviderWebhook: ...

    async def delete_webhook(self, gateway: str, credentials: Credentials, webhook_id: str) -> None:
        """A webhook that is not there any more is no failure."""
        ...
