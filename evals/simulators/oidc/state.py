"""Who the provider knows, what it gave out, and the fault that tests order."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from joserfc.jwk import RSAKey
from pydantic import BaseModel, ConfigDict, Field

KEY_BITS = 2_048


class Fault(StrEnum):
    """Of the ID token, then of the answers, then of the whole service."""

    WRONG_NONCE = "wrong_nonce"
    NO_NONCE = "no_nonce"
    EXPIRED = "expired"
    OTHER_AUDIENCE = "other_audience"
    MANY_AUDIENCES = "many_audiences"
    OTHER_ISSUER = "other_issuer"
    OTHER_KEY = "other_key"
    UNSIGNED = "unsigned"
    SECRET_SIGNED = "secret_signed"  # noqa: S105 - a fault
    NO_SUBJECT = "no_subject"
    UNVERIFIED = "unverified"
    NO_EMAIL = "no_email"
    THIN = "thin"
    THIN_OTHER = "thin_other"
    REFUSED = "refused"
    OTHER_STATE = "other_state"
    OTHER_ISS = "other_iss"
    NO_KEYS = "no_keys"
    SERVER_ERROR = "server_error"
    GARBAGE = "garbage"
    HUGE = "huge"
    REDIRECT = "redirect"
    SLOW = "slow"


class Settings(BaseModel):
    """``at`` is the route that the faults of an answer play at: ``discovery``, ``token``, ``keys`` or ``userinfo``.
    ``subject`` is the person's, made of the e-mail when it is empty."""

    model_config = ConfigDict(extra="forbid")

    client_id: str = "hub"
    client_secret: Annotated[str, Field(repr=False)] = "the-hubs-secret"  # noqa: S105 - of this simulator
    takes_basic: bool = True
    subject: str = ""
    fault: Fault | None = None
    at: str = "token"
    seconds: Annotated[float, Field(ge=0, le=60)] = 30.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    email: str
    nonce: str
    challenge: str
    redirect_uri: str


@dataclass
class State:
    settings: Settings = field(default_factory=Settings)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(KEY_BITS, {"kid": "current"}), repr=False)
    other_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(KEY_BITS, {"kid": "current"}), repr=False)
    grants: dict[str, Grant] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def reset(self) -> None:
        self.settings = Settings()
        self.grants.clear()
        self.people.clear()
        self.counts.clear()

    def fault_at(self, route: str) -> Fault | None:
        return self.settings.fault if self.settings.at == route else None

    def subject_of(self, email: str) -> str:
        return self.settings.subject or f"sub-{email}"
