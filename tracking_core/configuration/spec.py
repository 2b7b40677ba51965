"""A version's content: where sales come from and go to. Names secrets by reference only."""

from pydantic import Field

from tracking_core.configuration.facts import (
    AccountId,
    DatasetId,
    Frozen,
    GatewayName,
    Name,
    Reference,
    TestEventCode,
    Url,
)
from tracking_core.models import BrowserEvent, ConsentMode, SecretKind


class DatasetSpec(Frozen):
    dataset_id: DatasetId
    dataset_name: Name
    token_ref: Reference | None = None
    app_secret_ref: Reference | None = None
    test_event_code: TestEventCode | None = None
    browser_events: tuple[BrowserEvent, ...] = ()


class EndpointSpec(Frozen):
    """``is_registered``: the hub registers the webhook through the gateway's API; else the seller adds it by hand."""

    gateway: GatewayName
    account_id: AccountId | None = None
    endpoint_key: str
    secret_ref: Reference | None = None
    credentials: dict[SecretKind, Reference] = Field(default_factory=dict)
    is_registered: bool = False


class Spec(Frozen):
    """One dataset, and one endpoint for each gateway, ordered by gateway."""

    dataset: DatasetSpec
    endpoints: tuple[EndpointSpec, ...]
    consent_mode: ConsentMode
    landing_url: Url

    def endpoint_of(self, gateway: str) -> EndpointSpec | None:
        return next((one for one in self.endpoints if one.gateway == gateway), None)
