"""What each tool takes. A secret stands as ``secret:<id>`` by the time it gets here, an address holds none."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from tracking_core.collector.addresses import stored_address
from tracking_core.configuration.facts import Reference, TestEventCode
from tracking_core.kit.guarded.targets import Problem, UrlRefused, target_of
from tracking_core.logging import mask_text
from tracking_core.models import BrowserEvent, ConsentMode

DATASET_DIGITS = "A dataset ID has digits only, 32 at most. Copy it from Meta's Events Manager."
ACCOUNT_CREDENTIAL = "This is not an account ID: it looks like a credential or an e-mail address."
URL_MALFORMED = "This is not the address of a web page. It begins with https:// and the name of the site."
URL_CREDENTIALS = (
    "This address holds a user name, a password or a key. Give the page's address as your visitors see it."
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]")
_CREDENTIAL_NAME = re.compile(
    r"token|secret|senha|passw|passphrase|pwd|signature|credential|jwt|bearer|oauth|session[^a-z]?id|nonce"
    r"|(?<![a-z])(?:(?:api|access|app|auth|private)?[^a-z]?key|auth|authorization|sig|sid|pass|pin|otp|hmac)(?![a-z])"
)
_PIECES = re.compile(r"[?&;#]")
_DECODINGS = 3  # an address inside an address
_VERSION_MAX = 2**31 - 1
# As pydantic names them for a field of one kind of request only.
_VERSION_MISSING, _VERSION_EXTRA = ("missing", "Field required"), ("extra_forbidden", "Extra inputs are not permitted")


def _looks_secret(text: str) -> bool:
    return mask_text(text) != text or _JWT.search(text) is not None


def _account_id(text: str) -> str:
    if _looks_secret(text):
        raise PydanticCustomError("account_id_credential", ACCOUNT_CREDENTIAL)
    return text


def _dataset_id(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 32):
        raise PydanticCustomError("dataset_id_digits", DATASET_DIGITS)
    return text


def _landing_url(url: str) -> str:
    """The address without what is personal or secret in its query. One that the guard denies passes like one that
    does not answer: which of the two it is, is told to nobody here."""
    try:
        target_of(url, frozenset())
    except UrlRefused as refused:
        if refused.problem is Problem.MALFORMED:
            raise _refused_url(url) from None
    base, mark, query = stored_address(url).partition("?")
    if _looks_secret(_decoded(base)):
        raise PydanticCustomError("url_credentials", URL_CREDENTIALS)
    kept = "&".join(pair for pair in query.split("&") if pair and not _is_credential(pair))
    return f"{base}{mark}{kept}" if kept else base


def _refused_url(url: str) -> PydanticCustomError:
    if "@" in url.partition("?")[0]:
        return PydanticCustomError("url_credentials", URL_CREDENTIALS)
    return PydanticCustomError("url_malformed", URL_MALFORMED)


def _once(events: list[BrowserEvent]) -> list[BrowserEvent]:
    return list(dict.fromkeys(events))


def _is_credential(pair: str) -> bool:
    text = _decoded(pair)
    return _looks_secret(text) or any(map(_names_credential, _PIECES.split(text)))


def _names_credential(piece: str) -> bool:
    return _CREDENTIAL_NAME.search(piece.partition("=")[0].lower()) is not None


def _decoded(text: str) -> str:
    for _ in range(_DECODINGS):
        text = unquote_plus(text)
    return text


AccountId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[!-~]+$"),
    AfterValidator(_account_id),
]
DatasetId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_dataset_id)]
LandingUrl = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_048), AfterValidator(_landing_url)
]
BrowserEvents = Annotated[list[BrowserEvent], Field(max_length=len(BrowserEvent)), AfterValidator(_once)]


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
    url: LandingUrl


class Preferences(_Input):
    """What the seller chooses; absent stays as it is."""

    consent_mode: ConsentMode | None = None
    browser_events: BrowserEvents | None = None
    test_event_code: TestEventCode | None = None

    def chosen(self) -> dict[str, Any]:
        """What was said. Of what can be null, only the test event code means something by it: no code any more."""
        said = self.model_dump(mode="json", exclude_unset=True)
        return {name: value for name, value in said.items() if value is not None or name == "test_event_code"}


class RollbackScope(_Input):
    """``version`` is said with the scope of that name, and with no other."""

    scope: Literal["last", "all", "version"]
    version: int | None = Field(default=None, ge=1, le=_VERSION_MAX, validate_default=True)

    @field_validator("version")
    @classmethod
    def _fits_scope(cls, version: int | None, info: ValidationInfo) -> int | None:
        is_wanted = info.data.get("scope") == "version"
        if "scope" in info.data and is_wanted != (version is not None):
            raise PydanticCustomError(*_VERSION_MISSING if is_wanted else _VERSION_EXTRA)
        return version
