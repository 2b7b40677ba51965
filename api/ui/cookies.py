"""The cookies of the pages: who is signed in and who is on the way to it (signed), and how somebody likes to read."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property

from itsdangerous import BadSignature, Signer, TimestampSigner, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from tracking_core.kit import clock
from tracking_core.secrets.keyring import process_keyring
from tracking_core.settings import Settings, get_settings
from tracking_core.users.oidc import flow as flows
from tracking_core.users.oidc.flow import Flow
from tracking_core.users.web_sessions import LIFE

LOCALE, THEME = "hub_locale", "hub_theme"
_LONGEST = max(LIFE.values())


@dataclass(frozen=True)
class SessionCookie:
    """The token of a signed-in browser. What we did not sign never reaches the database."""

    settings: Settings

    @property
    def name(self) -> str:
        return _name("hub_session", self.settings)

    def read(self, request: Request) -> str | None:
        try:
            return self._signer.unsign(request.cookies.get(self.name, "")).decode()
        except BadSignature:
            return None

    def set(self, response: Response, token: str, life: timedelta = _LONGEST) -> None:
        """``life`` is how long the session itself can last."""
        _set(response, self.name, self._signer.sign(token).decode(), life, self.settings)

    def clear(self, response: Response) -> None:
        _clear(response, self.name, self.settings)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(_keys(), salt="session", digest_method=_sha256)


@dataclass(frozen=True)
class FlowCookie:
    """Whoever went to the identity provider, for the short time until they are back."""

    settings: Settings

    @property
    def name(self) -> str:
        return _name("hub_flow", self.settings)

    def read(self, request: Request) -> Flow | None:
        """None for one that we did not sign, or too long ago."""
        life = int(flows.LIFE.total_seconds())
        try:
            return Flow(**self._serializer.loads(request.cookies.get(self.name, ""), max_age=life))
        except (BadSignature, TypeError):
            return None

    def set(self, response: Response, flow: Flow) -> None:
        _set(response, self.name, str(self._serializer.dumps(asdict(flow))), flows.LIFE, self.settings)

    def clear(self, response: Response) -> None:
        _clear(response, self.name, self.settings)

    @cached_property
    def _serializer(self) -> URLSafeTimedSerializer:
        arguments = {"digest_method": _sha256}
        return URLSafeTimedSerializer(_keys(), salt="flow", signer=_Timed, signer_kwargs=arguments)


def prefer(response: Response, name: str, value: str) -> None:
    """Remember a language or a theme. Nothing is known of anybody by it."""
    _set(response, name, value, timedelta(days=365), get_settings())


class _Timed(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


def _keys() -> list[bytes]:
    """A signer signs with the last and takes any: a key that comes first in the settings signs from now on."""
    return list(reversed(process_keyring().derived("cookies")))


def _name(name: str, settings: Settings) -> str:
    """With the prefix by which browsers bind it to this very host, where there is TLS."""
    return f"__Host-{name}" if _is_secure(settings) else name


def _set(response: Response, name: str, value: str, life: timedelta, settings: Settings) -> None:
    seconds, is_secure = int(life.total_seconds()), _is_secure(settings)
    response.set_cookie(name, value, max_age=seconds, secure=is_secure, httponly=True, samesite="lax")


def _clear(response: Response, name: str, settings: Settings) -> None:
    response.delete_cookie(name, secure=_is_secure(settings), httponly=True, samesite="lax")


def _is_secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def _sha256(data: bytes = b"") -> "hashlib._Hash":
    return hashlib.sha256(data)
