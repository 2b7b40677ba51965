"""Who an ID token says that somebody is, once everything about it is proved (OpenID Connect Core 1.0, 3.1.3.7)."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracking_core.settings import Settings
from tracking_core.users.oidc import provider as providers
from tracking_core.users.oidc.flow import Flow
from tracking_core.users.oidc.provider import Provider

# Signed by a private key: what a client can check by its own secret, anybody who has that could write.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LEEWAY_SECONDS = 60
_SUBJECT_MAX = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """``subject`` is unique among all providers. ``email`` is empty when the provider told none."""

    subject: str = field(repr=False)
    email: str = field(repr=False)
    is_verified: bool


async def identity_of(
    provider: Provider, settings: Settings, flow: Flow, code: str, *, back: str, now: datetime
) -> Identity:
    """Raises ProviderUnavailable, ProviderRefused."""
    tokens = await providers.tokens_for(provider, settings, flow, code, back)
    keys = await providers.keys_of(provider)
    access = str(tokens.get("access_token") or "")
    claims = _proved(str(tokens.get("id_token") or ""), keys, provider, settings, flow, access, now)
    subject = claims["sub"]
    if "email" not in claims and access and provider.userinfo_endpoint:
        told = await providers.userinfo_of(provider, access)
        # Another's would be taken for theirs (5.3.2).
        claims = (
            {**claims, **{name: told.get(name) for name in ("email", "email_verified")}}
            if (told.get("sub") == subject)
            else claims
        )
    # As text where a provider writes all of its claims so.
    is_verified = claims.get("email_verified") in (True, "true")
    return Identity(f"{provider.issuer} {subject}", str(claims.get("email") or ""), is_verified)


def _proved(
    token: str, keys: dict[str, Any], provider: Provider, settings: Settings, flow: Flow, access: str, now: datetime
) -> dict[str, Any]:
    """The claims. Raises ProviderRefused."""
    try:
        opened = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            opened.claims,
            opened.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": settings.oidc_client_id},
            },
            params={"client_id": settings.oidc_client_id, "access_token": access or None},
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_SECONDS)
        nonce, subject = claims.get("nonce"), claims.get("sub")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise providers.refused("id_token", getattr(error, "error", "") or type(error).__name__) from None
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), flow.nonce.encode()):
        raise providers.refused("id_token", "other_nonce")
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_MAX or "\0" in subject:
        raise providers.refused("id_token", "subject_malformed")
    return dict(claims)
