"""Where a channel leads: checked when it is given, sealed where it is kept, shown only as a hint."""

import base64
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

import orjson

from tracking_core.alerts.channels.errors import TargetRefused
from tracking_core.kit.guarded.targets import UrlRefused, target_of, trusted_origins_of
from tracking_core.models import ChannelKind
from tracking_core.users.fields import email_of

_SECRET_BYTES = 24
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Target:
    """``to`` is an e-mail address or a URL. ``secret`` signs what a webhook is sent; ``locale`` is read there."""

    to: str = field(repr=False)
    locale: str
    secret: str = field(default="", repr=False)

    def encoded(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def decoded(cls, data: bytes) -> "Target":
        return cls(**orjson.loads(data))


def target_for(kind: ChannelKind, to: str, locale: str, trusted_origins: Collection[str]) -> Target:
    """A webhook gets a new secret. Raises EmailMalformed or TargetRefused; what was given is not repeated."""
    if kind is ChannelKind.EMAIL:
        return Target(email_of(to), locale)
    secret = _new_secret() if kind is ChannelKind.WEBHOOK else ""
    return Target(_url(to, trusted_origins), locale, secret)


def hint_of(kind: ChannelKind, target: Target) -> str:
    """Enough to know it again. Of a URL, whose path is a secret, the host and the end."""
    if kind is ChannelKind.EMAIL:
        user, _, domain = target.to.rpartition("@")
        return f"{user[:1]}…@{domain}"
    found = target_of(target.to, trusted_origins_of([_origin(target.to)]))
    return f"{found.host}/…{target.to[-_SHOWN:] if len(target.to) > len(found.origin) + 3 * _SHOWN else ''}"


def _url(said: str, trusted_origins: Collection[str]) -> str:
    """In the open only to an origin that the settings trust."""
    try:
        found = target_of(said, trusted_origins_of(trusted_origins))
    except UrlRefused:
        raise TargetRefused from None
    if found.scheme != "https" and not found.is_trusted:
        raise TargetRefused
    return found.url


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _new_secret() -> str:
    """As Standard Webhooks writes keys."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
