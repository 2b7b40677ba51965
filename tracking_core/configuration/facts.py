"""The validated facts a plan is made from. Credentials stand as ``secret:<id>``; nothing else fits in their fields."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from tracking_core.models import BrowserEvent, ConsentMode, SecretKind

Reference = Annotated[str, StringConstraints(pattern=r"^secret:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
GatewayName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
DatasetId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,64}$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,2040}$")]
TestEventCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
_NAME_LIMIT = 200


def _printable(name: str) -> str:
    """Without control, bidirectional and other invisible characters: a name must not redraw the text around it."""
    return "".join(one for one in name if unicodedata.category(one)[0] != "C")[:_NAME_LIMIT]


Name = Annotated[str, AfterValidator(_printable)]


class Frozen(BaseModel):
    """A value that travels as JSON and is checked on its way back."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: object) -> Self:
        return cls.model_validate(data)


class GatewayFact(Frozen):
    """The gateway took these credentials. ``webhook_secret_ref`` is what it signs with, where the seller chose it."""

    name: GatewayName
    credentials: dict[SecretKind, Reference]
    account_id: AccountId | None = None
    webhook_secret_ref: Reference | None = None
    checked_at: datetime
    action_id: UUID


class MetaFact(Frozen):
    dataset_id: DatasetId
    dataset_name: Name
    token_ref: Reference
    app_secret_ref: Reference | None = None
    expires_at: datetime | None = None
    checked_at: datetime
    action_id: UUID


class UrlFact(Frozen):
    """The seller's page. ``final_url`` is where it led."""

    url: Url
    final_url: Url
    script_present: bool
    checked_at: datetime
    action_id: UUID


class Preferences(Frozen):
    """What the seller chose; None leaves it as it is. ``test_event_code`` marks the proof's event only."""

    consent_mode: ConsentMode | None = None
    browser_events: tuple[BrowserEvent, ...] | None = None
    test_event_code: TestEventCode | None = None


class Facts(Frozen):
    gateway: GatewayFact | None = None
    meta: MetaFact | None = None
    url: UrlFact | None = None
    preferences: Preferences = Preferences()
