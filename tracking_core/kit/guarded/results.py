"""What a guarded request came to. No failure repeats anything the other side said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tracking_core.kit.guarded.targets import Target


class FailureKind(StrEnum):
    MALFORMED = "malformed"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    TLS_INVALID = "tls_invalid"
    TOO_LARGE = "too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    REDIRECT_LOOP = "redirect_loop"
    BAD_REDIRECT = "bad_redirect"
    UNREADABLE = "unreadable"


class Stop(Exception):
    """Ends a request inside this package; never leaves it."""

    def __init__(self, kind: FailureKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Redirect:
    """One answer that sent the request elsewhere."""

    status: int
    source: Target
    destination: Target

    @property
    def is_downgrade(self) -> bool:
        return self.source.scheme == "https" and self.destination.scheme == "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete answer, of any status. ``headers`` have lower-case names; ``content_type`` is lower case without
    parameters; ``body`` is decoded; ``response_ms`` is the last exchange alone, ``elapsed_ms`` all of it."""

    target: Target
    redirects: tuple[Redirect, ...]
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content_type: str
    body: bytes = field(repr=False)
    response_ms: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """``target`` is what was last asked for or refused, None when the first URL was no URL; ``status`` of an answer
    that could not be used."""

    kind: FailureKind
    target: Target | None
    redirects: tuple[Redirect, ...]
    status: int | None
    elapsed_ms: int
