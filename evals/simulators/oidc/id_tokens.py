"""The ID token, right or with a fault."""

import base64
import json
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from evals.simulators.oidc.state import Fault, Grant, State
from tracking_core.kit import clock

_LIFE_SECONDS = 300
_Claims = dict[str, Any]
_CHANGES: dict[Fault, Callable[[_Claims], object]] = {
    Fault.WRONG_NONCE: lambda claims: claims.update(nonce="of-another-flow"),
    Fault.NO_NONCE: lambda claims: claims.pop("nonce"),
    Fault.EXPIRED: lambda claims: claims.update(exp=claims["iat"] - 3_600),
    Fault.OTHER_AUDIENCE: lambda claims: claims.update(aud="another-client"),
    Fault.MANY_AUDIENCES: lambda claims: claims.update(aud=[claims["aud"], "another-client"]),
    Fault.OTHER_ISSUER: lambda claims: claims.update(iss="https://issuer.example"),
    Fault.NO_SUBJECT: lambda claims: claims.pop("sub"),
    Fault.UNVERIFIED: lambda claims: claims.update(email_verified=False),
    Fault.NO_EMAIL: lambda claims: claims.pop("email"),
    Fault.THIN: lambda claims: (claims.pop("email"), claims.pop("email_verified")),
    Fault.THIN_OTHER: lambda claims: (claims.pop("email"), claims.pop("email_verified")),
}


def id_token(state: State, grant: Grant, issuer: str) -> str:
    now, fault = int(clock.now().timestamp()), state.settings.fault
    claims: _Claims = {
        "iss": issuer,
        "sub": state.subject_of(grant.email),
        "aud": state.settings.client_id,
        "iat": now,
        "exp": now + _LIFE_SECONDS,
        "nonce": grant.nonce,
        "email": grant.email,
        "email_verified": True,
    }
    if fault in _CHANGES:
        _CHANGES[fault](claims)
    if fault is Fault.UNSIGNED:
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
    if fault is Fault.SECRET_SIGNED:
        secret = OctKey.import_key(state.settings.client_secret.ljust(32, "."))
        return jwt.encode({"alg": "HS256"}, claims, secret)
    key = state.other_key if fault is Fault.OTHER_KEY else state.key
    return jwt.encode({"alg": "RS256", "kid": "current"}, claims, key)


def _part(said: _Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
