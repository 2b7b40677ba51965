"""The optional part of a gateway: its own API, to check a seller's credentials and to register our webhook.

A gateway has it when its folder has an ``api`` module with ``build(settings) -> GatewayApi``.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import Protocol

from tracking_core import gateways
from tracking_core.errors import ConfigurationError
from tracking_core.gateways import registry
from tracking_core.settings import Settings
from tracking_core.setup.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayCredentials:
    """As the seller gave them. ``basic``: Hotmart's third value; ``account_id``: Kiwify's, which is no secret."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    basic: str | None = field(default=None, repr=False)
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredWebhook:
    """A webhook as the gateway knows it. ``triggers`` are the gateway's own names; ``token`` is what it signs with,
    None where the gateway does not tell."""

    id: str
    name: str
    url: str
    triggers: tuple[str, ...]
    token: str | None = field(default=None, repr=False)


class ProviderRefused(Exception):
    """The call did not do what was asked. ``is_ambiguous``: the gateway may have done it all the same."""

    def __init__(self, outcome: Outcome, *, is_ambiguous: bool) -> None:
        super().__init__(f"{outcome.code}: {outcome.reason}")
        self.outcome, self.is_ambiguous = outcome, is_ambiguous


class GatewayApi(Protocol):
    """Holds addresses, never a credential; safe to share and to make anew for each call.

    ``required_fields`` names the fields of GatewayCredentials without which nothing can be checked. Where
    ``can_register_webhooks`` is False the three webhook calls raise ProviderRefused (gateway_webhooks_by_hand).
    """

    name: str
    required_fields: tuple[str, ...]
    can_register_webhooks: bool

    async def check(self, credentials: GatewayCredentials) -> Outcome:
        """Whether the credentials work and may do what the hub needs. Codes: GatewayCode. Never raises for what the
        provider does.

        Facts of a success: ``gateway, account_id`` (only its end shown), ``account_name, scopes, token_expires_in``
        (seconds), ``can_register_webhooks, checked_permission``; None where the gateway does not say.
        """
        ...

    async def list_webhooks(self, credentials: GatewayCredentials) -> tuple[RegisteredWebhook, ...]:
        """Every webhook of the account. Raises ProviderRefused."""
        ...

    async def register_webhook(
        self,
        credentials: GatewayCredentials,
        *,
        name: str,
        url: str,
        token: str,
        triggers: tuple[str, ...] | None = None,
    ) -> RegisteredWebhook:
        """Create one, called once whatever happens; after an ambiguous ProviderRefused look for it in the list.

        ``triggers`` None is every one that our normaliser understands. Raises ValueError for an empty token (a
        signature made with it proves nothing) and for a trigger the gateway does not have.
        """
        ...

    async def delete_webhook(self, credentials: GatewayCredentials, webhook_id: str) -> None:
        """Gone afterwards, also when it already was. Raises ProviderRefused; ValueError for what is no id."""
        ...


def apis(settings: Settings) -> Mapping[str, GatewayApi]:
    """Every gateway that has an API, by name."""
    return MappingProxyType({name: build(settings) for name, build in _builders().items()})


def api_of(name: str, settings: Settings) -> GatewayApi | None:
    """The API of the gateway; None when it has none or there is no such gateway."""
    build = _builders().get(name)
    return build(settings) if build else None


@cache
def _builders() -> Mapping[str, Callable[[Settings], GatewayApi]]:
    modules = {name: f"{gateways.__name__}.{name}.api" for name in registry.names()}
    return MappingProxyType({name: _builder(module) for name, module in modules.items() if find_spec(module)})


def _builder(module: str) -> Callable[[Settings], GatewayApi]:
    build: Callable[[Settings], GatewayApi] | None = getattr(importlib.import_module(module), "build", None)
    if build is None:
        raise ConfigurationError(problem=f"The module {module} must have build(settings), which makes its GatewayApi.")
    return build
