"""What a browser may send. Every field but ``url`` is optional; unknown fields are ignored, long ones refused."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tracking_core.identity.links import without_contact, without_person


def _impersonal(value: str | None) -> str | None:
    return without_person(value) if value else value


def _label(value: str | None) -> str | None:
    return without_contact(value) if value else value


def _clean(value: Any) -> Any:
    """Postgres stores no NUL, and an empty text says nothing."""
    if not isinstance(value, str):
        return value
    return value.replace("\x00", "").strip() or None


_Text64 = Annotated[Annotated[str, Field(max_length=64)] | None, BeforeValidator(_clean)]
_Text128 = Annotated[Annotated[str, Field(max_length=128)] | None, BeforeValidator(_clean)]
_Text256 = Annotated[Annotated[str, Field(max_length=256)] | None, BeforeValidator(_clean)]
_Text320 = Annotated[Annotated[str, Field(max_length=320)] | None, BeforeValidator(_clean)]
_Label512 = Annotated[Annotated[str, Field(max_length=512)] | None, BeforeValidator(_clean), AfterValidator(_label)]
_Text1024 = Annotated[Annotated[str, Field(max_length=1_024)] | None, BeforeValidator(_clean)]
_Text1200 = Annotated[Annotated[str, Field(max_length=1_200)] | None, BeforeValidator(_clean)]
_Page4096 = Annotated[
    Annotated[str, Field(max_length=4_096)] | None, BeforeValidator(_clean), AfterValidator(_impersonal)
]
_Id = Annotated[Annotated[str, Field(max_length=128, pattern=r"^[\x21-\x7e]+$")] | None, BeforeValidator(_clean)]
_Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=4_096, pattern=r"^https?://[^\s\x00]+$"),
    AfterValidator(without_person),
]


class TrackRequest(BaseModel):
    """The body of ``POST /track/*``. E-mail and phone are hashed on arrival and never stored in clear;
    what addresses and labels say about a person is left out."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    url: _Url
    key: _Text128 = None
    event_id: _Id = None
    click_id: _Id = None
    session_id: _Id = None
    referrer: _Page4096 = None
    fbclid: _Text1024 = None
    fbp: _Text256 = None
    fbc: _Text1200 = None
    email: _Text320 = None
    phone: _Text64 = None
    consent_ads: bool | None = None
    checkout_url: _Page4096 = None
    utm_source: _Label512 = None
    utm_medium: _Label512 = None
    utm_campaign: _Label512 = None
    utm_content: _Label512 = None
    utm_term: _Label512 = None
    utm_id: _Label512 = None


DETAIL_FIELDS = (
    "checkout_url",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "utm_id",
)
