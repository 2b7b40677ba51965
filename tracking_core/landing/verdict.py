"""What was learnt of a page as facts, warnings and a code. Never its text."""

import hashlib
from collections.abc import Sequence
from typing import Any

from tracking_core.kit.guarded.results import Failed, FailureKind, Fetched, Redirect
from tracking_core.kit.guarded.targets import Target
from tracking_core.landing.addresses import ADDRESS_LIMIT, kept_address, shown_address
from tracking_core.landing.codes import UrlCode
from tracking_core.landing.page import HubTag, Page
from tracking_core.landing.redirects import RedirectKind, kinds_of
from tracking_core.landing.trackers import Tracker

SLOW_MS = 3_000

_REFUSALS = frozenset({401, 403, 407, 429, 451})
_MISSING = frozenset({404, 410})
_HTML = frozenset({"text/html", "application/xhtml+xml"})

# What may not be reached and what cannot be are one to the outside, or the probe would tell what stands in our network.
FAILURES = {
    FailureKind.MALFORMED: UrlCode.MALFORMED,
    FailureKind.DENIED: UrlCode.UNREACHABLE,
    FailureKind.UNREACHABLE: UrlCode.UNREACHABLE,
    FailureKind.TIMED_OUT: UrlCode.TIMEOUT,
    FailureKind.TLS_INVALID: UrlCode.TLS_INVALID,
    FailureKind.TOO_LARGE: UrlCode.TOO_LARGE,
    FailureKind.TOO_MANY_REDIRECTS: UrlCode.TOO_MANY_REDIRECTS,
    FailureKind.REDIRECT_LOOP: UrlCode.REDIRECT_LOOP,
    FailureKind.BAD_REDIRECT: UrlCode.REDIRECT_BROKEN,
    FailureKind.UNREADABLE: UrlCode.UNREADABLE,
}
# The worst first: a seller hears of one.
_UNEXPECTED = (
    (RedirectKind.OTHER_SITE, UrlCode.REDIRECTED_ELSEWHERE),
    (RedirectKind.LOGIN, UrlCode.REDIRECTED_TO_LOGIN),
    (RedirectKind.DOWNGRADE, UrlCode.DOWNGRADED),
)


def refusal_of(fetched: Fetched) -> UrlCode | None:
    """Why the answer is not the seller's page; None when it is."""
    return (
        _of_redirects(fetched.redirects)
        or _of_status(fetched.status)
        or _of_content(fetched)
        or _of_length(_first(fetched), fetched.target)
    )


def host_to_name(result: Fetched | Failed) -> str:
    """The first site that is not the seller's, if redirects lead to one; else where the visit ended."""
    kinds = ((one.destination.host, kinds_of(one.source, one.destination)) for one in result.redirects)
    last = result.target.host if result.target else ""
    return next((host for host, changed in kinds if RedirectKind.OTHER_SITE in changed), last)


def _of_redirects(redirects: Sequence[Redirect]) -> UrlCode | None:
    kinds = {kind for one in redirects for kind in kinds_of(one.source, one.destination)}
    return next((code for kind, code in _UNEXPECTED if kind in kinds), None)


def _of_status(status: int) -> UrlCode | None:
    if 200 <= status < 300:
        return None
    if status >= 500:
        return UrlCode.SERVER_ERROR
    if status in _MISSING:
        return UrlCode.NOT_FOUND
    return UrlCode.ACCESS_REFUSED if status in _REFUSALS else UrlCode.HTTP_ERROR


def _of_content(fetched: Fetched) -> UrlCode | None:
    is_html = fetched.content_type in _HTML or (not fetched.content_type and fetched.body.lstrip()[:1] == b"<")
    return None if is_html else UrlCode.NOT_HTML


def _of_length(*visited: Target | None) -> UrlCode | None:
    """An address that cannot be kept whole would be another page the next time."""
    is_too_long = any(len(kept_address(one)) > ADDRESS_LIMIT for one in visited if one)
    return UrlCode.TOO_LONG if is_too_long else None


def warnings_of(fetched: Fetched, page: Page, *, are_keys_ours: bool, dataset_id: str | None) -> tuple[UrlCode, ...]:
    """In the order a seller should mend them."""
    ours = tuple(tag for tag in page.tags if tag.is_ours)
    is_elsewhere = len(ours) < len(page.tags)
    pixel = _pixel_warning(page, dataset_id)
    may_be_added = Tracker.GOOGLE_TAG_MANAGER in page.trackers and (not ours or pixel is UrlCode.PIXEL_MISSING)
    checks = (
        (not ours, UrlCode.SCRIPT_MISSING),
        (bool(ours) and not are_keys_ours, UrlCode.SCRIPT_WRONG_KEY),
        (is_elsewhere, UrlCode.SCRIPT_OTHER_HUB),
        (any(tag.is_insecure for tag in ours), UrlCode.SCRIPT_INSECURE),
        (any(tag.is_delayed for tag in ours), UrlCode.SCRIPT_DELAYED),
        (may_be_added, UrlCode.TAG_MANAGER),
        (pixel is not None, pixel or UrlCode.PIXEL_MISSING),
        *_consent_checks(ours, page),
        (not page.checkouts, UrlCode.CHECKOUT_LINK_MISSING),
        (not all(link.can_carry for link in page.checkouts), UrlCode.CHECKOUT_LINK_CANNOT_CARRY),
        (fetched.response_ms > SLOW_MS, UrlCode.SLOW),
        (fetched.target.scheme == "http", UrlCode.HTTP_ONLY),
    )
    return tuple(code for is_so, code in checks if is_so)


def _pixel_warning(page: Page, dataset_id: str | None) -> UrlCode | None:
    if not page.pixel_ids:
        return UrlCode.PIXEL_MISSING
    return UrlCode.PIXEL_OTHER_DATASET if dataset_id and dataset_id not in page.pixel_ids else None


def _consent_checks(ours: tuple[HubTag, ...], page: Page) -> tuple[tuple[bool, UrlCode], ...]:
    waits = any(tag.waits_for_consent for tag in ours)
    asks = page.consent_vendor is not None
    return (
        (waits and not asks, UrlCode.CONSENT_NEVER_ASKED),
        (not waits and not asks, UrlCode.CONSENT_BANNER_MISSING),
        (bool(ours) and asks and not waits, UrlCode.CONSENT_NOT_AWAITED),
    )


def facts_of_visit(result: Fetched | Failed) -> dict[str, Any]:
    """What the exchange itself says, of a failed one too. ``url`` was dialled first, ``final_url`` last; both are None
    for what is no address. ``redirects`` name the host each led to."""
    first, last = _first(result), result.target
    return {
        "url": shown_address(first) if first else None,
        "final_url": shown_address(last) if last else None,
        "status": result.status,
        "response_ms": result.response_ms if isinstance(result, Fetched) else result.elapsed_ms,
        "redirects": [
            {"host": one.destination.host, "kinds": [kind.value for kind in kinds_of(one.source, one.destination)]}
            for one in result.redirects
        ],
        "tls_ok": _tls(result),
    }


def facts_of_page(fetched: Fetched, page: Page, *, are_keys_ours: bool) -> dict[str, Any]:
    ours = [tag for tag in page.tags if tag.is_ours]
    return {
        "script": {
            "present": bool(ours),
            "key_ok": bool(ours) and are_keys_ours,
            "waits_for_consent": any(tag.waits_for_consent for tag in ours),
        },
        "pixel_ids": list(page.pixel_ids),
        "trackers": [tracker.value for tracker in page.trackers],
        "consent_banner": {
            "present": page.consent_vendor is not None,
            "vendor": page.consent_vendor.value if page.consent_vendor else None,
        },
        "checkout_links": [
            {
                "host": link.host,
                "gateway": link.gateway,
                "path_class": link.path_class.value,
                "can_carry": link.can_carry,
                "parameter": link.parameter,
                "count": count,
            }
            for link, count in page.checkouts.items()
        ],
        "html_sha256": hashlib.sha256(fetched.body).hexdigest(),
    }


def _first(result: Fetched | Failed) -> Target | None:
    return result.redirects[0].source if result.redirects else result.target


def _tls(result: Fetched | Failed) -> bool | None:
    """None when no certificate was looked at."""
    if isinstance(result, Failed) and result.kind is FailureKind.TLS_INVALID:
        return False
    return True if result.status is not None and result.target and result.target.scheme == "https" else None
