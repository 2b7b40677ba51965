"""What a browser may send. Every field but ``url`` is optional; unknown fields are ignored, long ones refused."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _clean(value: Any) -> Any:
    """Postgres stores no NUL, and an empty text says nothing."""
    if not isinstance(value, str):
        return value
    return value.replace("\x00", "").strip() or None


def _text(limit: int) -> Any:
    return Annotated[str | None, BeforeValidator(_clean), Field(max_length=limit)]


_Id = Annotated[str | None, BeforeValidator(_clean), Field(max_length=128, pattern=r"^[\x21-\x7e]+$")]
_Url = Annotated[str, StringConstraints(min_length=1, max_length=4_096, pattern=r"^https?://[^\s\x00]+$")]


class TrackRequest(BaseModel):
    """The body of ``POST /track/*``. E-mail and phone are hashed on arrival and never stored in clear."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    url: _Url
    key: _text(128) = None
    event_id: _Id = None
    click_id: _Id = None
    session_id: _Id = None
    referrer: _text(4_096) = None
    fbclid: _text(1_024) = None
    fbp: _text(256) = None
    fbc: _text(1_200) = None
    email: _text(320) = None
    phone: _text(64) = None
    consent_ads: bool | None = None
    checkout_url: _text(4_096) = None
    utm_source: _text(512) = None
    utm_medium: _text(512) = None
    utm_campaign: _text(512) = None
    utm_content: _text(512) = None
    utm_term: _text(512) = None
    utm_id: _text(512) = None


DETAIL_FIELDS = (
    "checkout_url",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "utm_id",
)
