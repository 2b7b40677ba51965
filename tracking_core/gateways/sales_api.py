"""The optional part of a gateway that lists its sales, for what the webhooks never brought.

A gateway has it when its folder has a ``sales_api`` module with ``build(settings) -> SalesApi``.
"""

import importlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

from tracking_core import gateways
from tracking_core.gateways import registry
from tracking_core.gateways.api import GatewayCredentials
from tracking_core.gateways.api_answers import Panel
from tracking_core.settings import Settings

# What stands beside the sale in the body that is kept: the item of the list as the gateway wrote it.
ITEM_KEY = "sales_api_item"
PAGE_TOKEN_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class SalesPage:
    """``items`` as the gateway wrote them, whatever they are; ``next_page`` None on the last page of a part."""

    items: tuple[Any, ...] = field(repr=False)
    next_page: str | None


class SalesReader(Protocol):
    """One seller's account, signed in for a while."""

    async def page(self, part: int, since: datetime, until: datetime, page: str | None) -> SalesPage:
        """The items of one page that were ordered in the time; more may be among them. One call, with a sign-in before
        it where there is no token yet. Raises ProviderRefused."""
        ...


class SalesApi(Protocol):
    """Holds addresses, never a credential. ``parts`` is how many lists one after the other make the whole; ``panel`` is
    the gateway as its sellers know it."""

    name: str
    panel: Panel
    parts: int

    def signed_in(self, credentials: GatewayCredentials) -> AbstractAsyncContextManager[SalesReader]:
        """Raises ProviderRefused, without a call, for credentials that cannot be sent."""
        ...

    def as_webhook(self, item: dict[str, Any], *, seen_at: datetime) -> dict[str, Any] | None:
        """The item in the shape of the gateway's own webhook, which ``Gateway.normalize`` reads; None for a sale that
        nobody has paid. ``seen_at`` stands where the list does not say when. Raises PayloadUnreadable.

        The same state of a sale gives the same ``external_event_id``, however often it is listed.
        """
        ...

    def said_status(self, item: dict[str, Any]) -> str:
        """The gateway's own word for the state."""
        ...


@runtime_checkable
class SilentOfRenewals(Protocol):
    """A list that tells a subscription's later charge from its first sale by nothing: the ledger is asked instead."""

    def as_renewal(self, webhook: dict[str, Any], subscription_id: str) -> dict[str, Any]:
        """What ``as_webhook`` made of a paid sale, as the gateway's webhook tells of a later charge of the
        subscription."""
        ...


def sales_api_of(name: str, settings: Settings) -> SalesApi | None:
    """None when the gateway lists no sales, or there is no such gateway."""
    module = f"{gateways.__name__}.{name}.sales_api"
    if name not in registry.names() or find_spec(module) is None:
        return None
    made: SalesApi = importlib.import_module(module).build(settings)
    return made
