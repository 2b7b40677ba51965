"""What each tool takes. A secret stands as ``secret:<id>`` by the time it gets here."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tracking_core.models import BrowserEvent, ConsentMode

REFERENCE_PREFIX = "secret:"
Reference = Annotated[str, StringConstraints(pattern=r"^secret:[0-9a-f-]{36}$")]
AccountId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[!-~]+$")]
DatasetId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_048)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class CredentialReferences(_Input):
    client_id: Reference
    client_secret: Reference
    basic: Reference | None = None
    account_id: AccountId | None = None


class GatewayCheck(_Input):
    """``webhook_secret`` is what the gateway signs or marks its webhooks with (Hotmart's hottok); it is kept for the
    configuration and cannot be checked before the first webhook."""

    gateway: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    credentials: CredentialReferences
    webhook_secret: Reference | None = None


class MetaCheck(_Input):
    dataset_id: DatasetId
    access_token: Reference
    app_secret: Reference | None = None


class LandingCheck(_Input):
    url: Url


class Preferences(_Input):
    """What the seller chooses; absent stays as it is."""

    consent_mode: ConsentMode | None = None
    browser_events: list[BrowserEvent] | None = None
    test_event_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")] | None = None


class RollbackScope(_Input):
    scope: Literal["last", "all", "version"]
    version: int | None = Field(default=None, ge=1)
