"""What a browser may send. A wrong ``url`` is an error; anything else that is odd is dropped and the event counts."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WrapValidator
from pydantic import ValidatorFunctionWrapHandler as Handler
from pydantic_core import PydanticKnownError

from tracking_core.collector.addresses import URL_LIMIT

AGE_LIMIT_MS = 86_400_000
_AUTHORITY = r"[^\s\x00/?#]*[^\s\x00/?#@]"
_PAGE = rf"^https?://{_AUTHORITY}([/?#].*)?$"
_PAGE_BEGIN = re.compile(rf"https?://{_AUTHORITY}(?=[/?#]|$)", re.IGNORECASE)
_ADDRESS_BEGIN = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://{_AUTHORITY}(?=[/?#]|$)")


def _plain(text: str) -> str:
    """Postgres stores no NUL."""
    return text.replace("\x00", "").strip()


def _page(url: str) -> str:
    url = _plain(url)
    begin = _PAGE_BEGIN.match(url)
    if begin is None:
        raise PydanticKnownError("url_parsing", {"error": "not an http or https address"})
    if begin.end() > URL_LIMIT:
        raise PydanticKnownError("string_too_long", {"max_length": URL_LIMIT})
    return url


def _address(url: str | None) -> str | None:
    begin = _ADDRESS_BEGIN.match(url) if url else None
    return url if begin and begin.end() <= URL_LIMIT else None


def _or_absent(value: object, validate: Handler) -> object:
    """What fits, and None for what does not: one odd field must not cost the event. An empty text says nothing."""
    try:
        return validate((_plain(value) or None) if isinstance(value, str) else value)
    except ValidationError:
        return None


def _or_refused(value: object, validate: Handler) -> object:
    """An answer we cannot read counts as no. Only null, like no field at all, means that nobody was asked."""
    try:
        return validate(value)
    except ValidationError:
        return False


_Lenient = WrapValidator(_or_absent)
_Text64 = Annotated[Annotated[str, Field(max_length=64)] | None, _Lenient]
_Text128 = Annotated[Annotated[str, Field(max_length=128)] | None, _Lenient]
_Text256 = Annotated[Annotated[str, Field(max_length=256)] | None, _Lenient]
_Text320 = Annotated[Annotated[str, Field(max_length=320)] | None, _Lenient]
_Text512 = Annotated[Annotated[str, Field(max_length=512)] | None, _Lenient]
_Text1024 = Annotated[Annotated[str, Field(max_length=1_024)] | None, _Lenient]
_Text1200 = Annotated[Annotated[str, Field(max_length=1_200)] | None, _Lenient]
_Id = Annotated[Annotated[str, Field(max_length=128, pattern=r"^[\x21-\x7e]+$")] | None, _Lenient]
_Age = Annotated[Annotated[int, Field(ge=0, le=AGE_LIMIT_MS)] | None, _Lenient]
_Address = Annotated[str | None, AfterValidator(_address), _Lenient]
_Page = Annotated[str, AfterValidator(_page), Field(json_schema_extra={"pattern": _PAGE})]
_Answer = Annotated[bool | None, WrapValidator(_or_refused)]


class TrackRequest(BaseModel):
    """The body of ``POST /track/*``. Only ``url`` is required, and only a wrong ``url`` is refused.

    Any other field that is too long, of another type or malformed is ignored as if it were absent, and so are fields
    not listed here. ``consent_ads`` is the exception: null and absent mean that the visitor was not asked, true (or
    1, "1", "true", "yes", "on") is a grant, and everything else, readable or not, counts as a refusal, because a
    refusal must never be lost. ``consent_version`` names the text that was answered. ``age_ms`` is how long ago the
    event happened, by the visitor's clock. E-mail and phone are hashed on arrival and never stored in clear; addresses
    are stored without fragment, credentials and personal data, and only their first 4,096 characters.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    url: _Page
    key: _Text128 = None
    event_id: _Id = None
    click_id: _Id = None
    session_id: _Id = None
    age_ms: _Age = None
    referrer: _Address = None
    fbclid: _Text1024 = None
    fbp: _Text256 = None
    fbc: _Text1200 = None
    email: _Text320 = None
    phone: _Text64 = None
    consent_ads: _Answer = None
    consent_version: _Text64 = None
    checkout_url: _Address = None
    utm_source: _Text512 = None
    utm_medium: _Text512 = None
    utm_campaign: _Text512 = None
    utm_content: _Text512 = None
    utm_term: _Text512 = None
    utm_id: _Text512 = None


CAMPAIGN_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_id")
