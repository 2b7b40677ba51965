"""A page's address as it is kept: it opens the same page again, and tells no visitor, campaign or login."""

import re
from urllib.parse import unquote_plus

from tracking_core.collector.addresses import without_personal_data
from tracking_core.kit.guarded.targets import Target
from tracking_core.landing.redirects import is_tracking

ADDRESS_LIMIT = 2_000

_CREDENTIAL = re.compile(
    r"token|secret|sess(?:ion|id)|signature|credential|password|jwt|bearer|nonce|oauth|api[^a-z0-9]?key"
    r"|\b(?:auth|authorization|sid|sig|pwd|pass|otp|hmac|__cf_chl\w*)\b",
    re.ASCII | re.IGNORECASE,
)


def kept_address(target: Target) -> str:
    """Percent-encoded ASCII without fragment and credentials; of the query, the parameters that may decide which page
    it is, in their order and spelling, as many as fit. Longer than ADDRESS_LIMIT only where the path alone is."""
    base, _, query = without_personal_data(target.url).partition("?")
    room = ADDRESS_LIMIT - len(base)
    kept: list[str] = []
    for pair in filter(_may_decide, query.split("&")):
        room -= len(pair) + 1
        if room < 0:
            break
        kept.append(pair)
    return f"{base}?{'&'.join(kept)}" if kept else base


def shown_address(target: Target) -> str:
    """``kept_address`` within its limit: too long a path is cut, and then it is for reading only."""
    return kept_address(target)[:ADDRESS_LIMIT]


def _may_decide(pair: str) -> bool:
    name = unquote_plus(pair.partition("=")[0])
    return bool(pair) and not is_tracking(name) and not _CREDENTIAL.search(name)
