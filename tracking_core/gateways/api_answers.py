"""What an answer of a gateway's API means, in the codes that all gateways share. Nothing a provider wrote is repeated,
but for error words known from its documentation."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tracking_core.destinations.meta_capi.masking import masked
from tracking_core.gateways.api import ProviderRefused
from tracking_core.gateways.check_codes import GatewayCode
from tracking_core.kit.json_http import Answer, Kind, wait_seconds
from tracking_core.setup.outcome import Outcome

TIMEOUT_SECONDS = 15.0
# Both gateways count calls by the minute.
RATE_WINDOW_SECONDS = 60

_HEADER_SAFE = re.compile(r"[!-~]{1,4096}")
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_SCOPES_MAX = 30
_LIFETIME_MAX_SECONDS = 10**9
_NAME_LIMIT_BYTES = 120
_SHOWN_CHARACTERS = 4
# OAuth 2.0 (RFC 6749, 6750) and the lists in the gateways' documentation.
_ERROR_WORDS = frozenset(
    (
        "access_denied",
        "auth_error",
        "expired_token",
        "forbidden",
        "insufficient_scope",
        "internal_server_error",
        "invalid_client",
        "invalid_grant",
        "invalid_parameter",
        "invalid_request",
        "invalid_scope",
        "invalid_token",
        "invalid_value_headers",
        "invalid_value_parameter",
        "not_found",
        "rate_limit_exceeded",
        "token_expired",
        "too_many_requests",
        "unauthorized",
        "unauthorized_client",
        "unsupported_grant_type",
        "validation_error",
    )
)
_FIELD_NAMES = {
    "client_id": "client ID",
    "client_secret": "client secret",
    "basic": "Basic",
    "account_id": "account ID",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What the OAuth exchange gave, for one check; never kept."""

    value: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_in: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The gateway as its sellers know it: its name, and where in its panel the credentials and the webhooks are."""

    name: str
    label: str
    where: str
    webhooks: str

    def refusal(self, code: GatewayCode, reason: str, answer: Answer | None = None, **params: str) -> ProviderRefused:
        wait = None
        if code is GatewayCode.RATE_LIMITED and answer:
            wait = wait_seconds(answer.headers, "retry-after", "ratelimit-reset") or RATE_WINDOW_SECONDS
        outcome = Outcome(
            is_success=False,
            code=code,
            reason=reason,
            return_code=answer.status if answer else None,
            latency_ms=answer.latency_ms if answer else 0,
            facts={"gateway": self.name},
            params=self.params(**params),
            retry_after_seconds=wait,
        )
        return ProviderRefused(outcome, is_ambiguous=answer is not None and answer.is_ambiguous)

    def success(self, step: str, answer: Answer, facts: dict[str, Any]) -> Outcome:
        return Outcome(
            is_success=True,
            code=GatewayCode.OK,
            reason=f"{step}: HTTP {answer.status}",
            return_code=answer.status,
            latency_ms=answer.latency_ms,
            facts={"gateway": self.name, **facts},
            params=self.params(),
        )

    def params(self, **more: str) -> dict[str, str]:
        return {"gateway": self.label, "where": self.where, "webhooks": self.webhooks, **more}

    def by_hand(self) -> ProviderRefused:
        return self.refusal(GatewayCode.WEBHOOKS_BY_HAND, "This gateway's API has no webhooks.")

    def field_of(self, name: str, value: str | None) -> str:
        """The credential without the space around it; refused when it is empty or could not stand in a header."""
        stripped = (value or "").strip()
        if _HEADER_SAFE.fullmatch(stripped):
            return stripped
        problem = "has characters no credential has" if stripped else "is empty"
        raise self.refusal(GatewayCode.CREDENTIALS_MALFORMED, f"{name} {problem}", field=_FIELD_NAMES[name])

    def require_sound(self, step: str, answer: Answer, *, may_be_empty: bool = False) -> None:
        """Raise for what is the provider's own: no answer, too many calls, a failure, HTML where JSON was due.

        What passes is a 2xx with JSON (or nothing, where that may be), or a refusal (4xx) that is the caller's to read.
        """
        if code := _providers_own(answer, may_be_empty):
            raise self.refusal(code, told(step, answer), answer)

    def token_of(self, step: str, answer: Answer, secrets: Iterable[str]) -> Token:
        """The token of a successful exchange. Without a usable one the answer is not what OAuth promises."""
        said = answer.fields
        value = said.get("access_token")
        if not answer.is_success or not isinstance(value, str) or not _HEADER_SAFE.fullmatch(value):
            raise self.refusal(GatewayCode.UNEXPECTED_ANSWER, f"{told(step, answer)}, no access_token", answer)
        hidden = (*secrets, value)
        return Token(
            value=value,
            scopes=_scopes(said.get("scope"), hidden),
            expires_in=_lifetime(said.get("expires_in")),
        )


def told(step: str, answer: Answer) -> str:
    """The answer in technical words: status, what it was instead of JSON, the error's name when it is a known one."""
    parts = [f"HTTP {answer.status}"] if answer.status is not None else []
    if answer.kind is not Kind.JSON:
        parts.append(answer.kind.value + (f" ({answer.error})" if answer.error else ""))
    if word := error_word(answer):
        parts.append(word)
    return f"{step}: {', '.join(parts)}"


def error_word(answer: Answer) -> str | None:
    word = answer.fields.get("error")
    return word if isinstance(word, str) and word in _ERROR_WORDS else None


def shown_name(name: object, secrets: Iterable[str]) -> str | None:
    """The account's name as far as it may be shown: a sole trader's holds their tax number."""
    if not isinstance(name, str):
        return None
    # Twice: what is invisible inside a secret is gone after the first time.
    once = masked(name, secrets=secrets, limit_bytes=_NAME_LIMIT_BYTES)
    return masked(once, secrets=secrets, limit_bytes=_NAME_LIMIT_BYTES) or None


def shown_id(account_id: str) -> str:
    """``***`` and the last four characters, fewer when the whole is short."""
    return "***" + account_id[-min(_SHOWN_CHARACTERS, len(account_id) // 2) :] if len(account_id) > 1 else "***"


def _providers_own(answer: Answer, may_be_empty: bool) -> GatewayCode | None:
    status = answer.status
    if status == 429:
        return GatewayCode.RATE_LIMITED
    if status is None or status >= 500 or status in (408, 425):
        return GatewayCode.UNAVAILABLE
    if answer.is_success and answer.kind in (Kind.TIMED_OUT, Kind.INTERRUPTED):
        return GatewayCode.UNAVAILABLE
    is_refusal = 400 <= status < 500
    # A page where a refusal was due comes from something in front of the API; only 401 says enough by itself.
    is_readable = answer.kind not in (Kind.NOT_JSON, Kind.TOO_LARGE) or status == 401
    is_due = answer.kind is Kind.JSON or (may_be_empty and answer.kind is Kind.EMPTY)
    is_sound = (is_refusal and is_readable) or (answer.is_success and is_due)
    return None if is_sound else GatewayCode.UNEXPECTED_ANSWER


def _scopes(said: object, secrets: tuple[str, ...]) -> tuple[str, ...]:
    """From a text with spaces or a list; words only."""
    listed = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    words = [one for one in listed if isinstance(one, str) and _SCOPE.fullmatch(one)]
    return tuple(word for word in words if not any(secret in word for secret in secrets))[:_SCOPES_MAX]


def _lifetime(said: object) -> int | None:
    """Seconds; Kiwify has written them as text."""
    if isinstance(said, str) and len(said) < 11 and said.isascii() and said.isdigit():
        said = int(said)
    is_count = isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= _LIFETIME_MAX_SECONDS
    return said if is_count and isinstance(said, int) else None
