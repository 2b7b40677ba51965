"""What a check or an action of a setup came to, and what its code means to the seller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

REASON_LIMIT = 300


class Fault(StrEnum):
    """Who can mend it. What is the provider's is never counted against anyone; what is ours calls a person, too."""

    NOBODY = "nobody"
    SELLER = "seller"
    PROVIDER = "provider"
    HUB = "hub"


class Stage(StrEnum):
    """The parts of a setup, in the order a seller meets them."""

    GATEWAY = "gateway"
    META = "meta"
    URL = "url"
    CONFIGURATION = "configuration"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code in words: ``message`` says what happened, ``recommendation`` what to do; English msgids with the
    placeholders of ``Outcome.params``."""

    fault: Fault
    message: str
    recommendation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``code`` is one of its domain's ``MEANINGS``. ``reason`` is technical English, masked, at most 300 characters;
    ``return_code`` the provider's last HTTP status; ``facts`` small JSON values without secrets; ``warnings`` codes of
    what works but should be mended; ``params`` fill the sentences' placeholders."""

    is_success: bool
    code: str
    reason: str
    return_code: int | None = None
    latency_ms: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None
