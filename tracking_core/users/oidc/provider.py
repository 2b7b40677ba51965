"""The provider: what it says of itself, where a browser is sent, and what it answers for the code that comes back."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from tracking_core.kit.json_http import Answer, JsonClient, Kind
from tracking_core.settings import Settings
from tracking_core.users.errors import ProviderRefused, ProviderUnavailable
from tracking_core.users.oidc.flow import Flow

log = structlog.get_logger()
# Of each call: a person waits for three of them.
TIMEOUT_SECONDS: Final = 6.0
_DISCOVERY = "/.well-known/openid-configuration"
_SCOPE = "openid email"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """``names_itself``: it says who it is in the answer to the browser too (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    takes_basic: bool
    names_itself: bool


def is_configured(settings: Settings) -> bool:
    return bool(settings.oidc_issuer and settings.oidc_client_id)


async def discover(settings: Settings) -> Provider:
    """Asked each time: people of the team sign in a few times a day. Raises ProviderUnavailable."""
    issuer = settings.oidc_issuer.rstrip("/")
    said = _required("discovery", await _call("GET", f"{issuer}{_DISCOVERY}"))
    if str(said.get("issuer", "")).rstrip("/") != issuer:
        raise unavailable("discovery", "other_issuer")
    addresses = {name: str(said.get(name) or "") for name in (*_ENDPOINTS, "userinfo_endpoint")}
    for name in _ENDPOINTS:
        if not _is_safe(addresses[name], settings):
            raise unavailable("discovery", f"{name}_unsafe")
    if not _is_safe(addresses["userinfo_endpoint"], settings):
        addresses["userinfo_endpoint"] = ""
    methods = said.get("token_endpoint_auth_methods_supported") or [_BASIC]
    return Provider(
        issuer=said["issuer"],
        takes_basic=_BASIC in methods or _POST not in methods,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        **addresses,
    )


def address_to_go(provider: Provider, settings: Settings, flow: Flow, back: str) -> str:
    """Where the browser is sent; ``back`` is our address it returns to."""
    address: str = prepare_grant_uri(
        provider.authorization_endpoint,
        client_id=settings.oidc_client_id,
        response_type="code",
        redirect_uri=back,
        scope=_SCOPE,
        state=flow.state,
        nonce=flow.nonce,
        code_challenge=create_s256_code_challenge(flow.verifier),
        code_challenge_method="S256",
    )
    return address


async def tokens_for(provider: Provider, settings: Settings, flow: Flow, code: str, back: str) -> dict[str, Any]:
    """What the provider gives for the code. Raises ProviderUnavailable, ProviderRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": flow.verifier,
    }
    headers, secret = {}, settings.oidc_client_secret.get_secret_value()
    if secret and provider.takes_basic:
        pair = f"{quote(settings.oidc_client_id, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": settings.oidc_client_id, **({"client_secret": secret} if secret else {})}
    answer = await _call("POST", provider.token_endpoint, headers=headers, form=form)
    if answer.status is not None and 400 <= answer.status < 500:
        raise refused("token", f"status_{answer.status}")
    return _required("token", answer)


async def keys_of(provider: Provider) -> dict[str, Any]:
    """Its JWK set, of now: a key may have been replaced since. Raises ProviderUnavailable."""
    return _required("keys", await _call("GET", provider.jwks_uri))


async def userinfo_of(provider: Provider, access_token: str) -> dict[str, Any]:
    """Raises ProviderUnavailable."""
    headers = {"authorization": f"Bearer {access_token}"}
    return _required("userinfo", await _call("GET", provider.userinfo_endpoint, headers=headers))


def unavailable(step: str, reason: str) -> ProviderUnavailable:
    log.warning("identity_provider_failed", step=step, reason=reason)
    return ProviderUnavailable()


def refused(step: str, reason: str) -> ProviderRefused:
    log.warning("identity_provider_refused", step=step, reason=reason)
    return ProviderRefused()


async def _call(method: str, address: str, **said: Any) -> Answer:
    async with JsonClient(timeout_seconds=TIMEOUT_SECONDS) as client:
        return await client.call(method, address, **said)


def _required(step: str, answer: Answer) -> dict[str, Any]:
    if answer.kind is not Kind.JSON:
        raise unavailable(step, answer.kind.value)
    if not answer.is_success or not answer.fields:
        raise unavailable(step, f"status_{answer.status}")
    return answer.fields


def _is_safe(address: str, settings: Settings) -> bool:
    """By TLS; in the clear only where the provider itself is, and never in production."""
    parts = urlsplit(address)
    is_clear = parts.scheme == "http" == urlsplit(settings.oidc_issuer).scheme and settings.environment != "production"
    return bool(parts.hostname) and (parts.scheme == "https" or is_clear)
