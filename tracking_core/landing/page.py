"""A seller's page reduced to what the hub wants to know of it. Pure; never raises; holds no text of the page."""

import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

from tracking_core.landing.checkouts import CHECKOUTS_MAX, CheckoutLink, checkout_of, checkouts_in_code
from tracking_core.landing.markup import Element, Markup, markup_of
from tracking_core.landing.trackers import ConsentVendor, Tracker, consent_vendor_in, pixel_ids_in, trackers_in

TAGS_MAX = 5

_SCRIPT = "/t.js"
_KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")
_HOST = re.compile(r"[a-z0-9.-]{1,253}")
# Where speed plugins put the address of a script they hold back.
_SOURCES = ("src", "data-src", "data-rocket-src", "data-lazy-src", "data-litespeed-src", "data-wpfc-original-src")
_LINKS = frozenset({"a", "area"})
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class HubTag:
    """One tag of the browser script. ``key`` is empty when it is none; ``is_ours``: of this hub."""

    key: str = field(repr=False)
    is_ours: bool
    is_insecure: bool
    is_delayed: bool
    waits_for_consent: bool
    checkout_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """``checkouts`` counts how often each was found, at most CHECKOUTS_MAX of them."""

    tags: tuple[HubTag, ...]
    pixel_ids: tuple[str, ...]
    trackers: tuple[Tracker, ...]
    consent_vendor: ConsentVendor | None
    checkouts: dict[CheckoutLink, int]


def read_page(body: bytes, *, url: str, hub_base_url: str) -> Page:
    """``url`` is where the page was found in the end."""
    html = body.decode("utf-16" if body[:2] in _UTF_16 else "utf-8", errors="replace")
    markup = markup_of(html)
    base = _base(markup, url)
    tags = _tags(markup, base, hub_base_url)
    evidence = _evidence(markup)
    return Page(
        tags=tags,
        pixel_ids=pixel_ids_in(evidence),
        trackers=trackers_in(evidence),
        consent_vendor=consent_vendor_in(evidence, html),
        checkouts=_checkouts(markup, base, url, tags),
    )


def _evidence(markup: Markup) -> str:
    """What the page loads and runs; what it only links to is none of it."""
    loaded = [
        address
        for element in markup.elements
        for name, address in element.attributes.items()
        if name in _SOURCES or (name == "href" and element.name == "link")
    ]
    return "\n".join([*loaded, markup.inline])


def _base(markup: Markup, url: str) -> str:
    named = (one.attributes.get("href") for one in markup.elements if one.name == "base")
    return _joined(url, next(filter(None, named), ""))


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _tags(markup: Markup, base: str, hub_base_url: str) -> tuple[HubTag, ...]:
    scripts = (element for element in markup.elements if element.name == "script")
    found = (_tag(element, base, hub_base_url) for element in scripts)
    return tuple(tag for tag in found if tag)[:TAGS_MAX]


def _tag(element: Element, base: str, hub_base_url: str) -> HubTag | None:
    attributes = element.attributes
    source = next((name for name in _SOURCES if _SCRIPT in attributes.get(name, "")), None)
    if source is None:
        return None
    address = _joined(base, attributes[source])
    is_ours = _place(address) == _place(hub_base_url.rstrip("/") + _SCRIPT)
    key = _key(address)
    if not is_ours and not (key and _is_script(address)):
        return None
    return HubTag(
        key=key,
        is_ours=is_ours,
        is_insecure=base.startswith("https:") and address.startswith("http:"),
        is_delayed=source != "src",
        waits_for_consent=attributes.get("data-consent") == "required",
        checkout_hosts=tuple(filter(_HOST.fullmatch, re.split(r"[\s,]+", attributes.get("data-checkout", "").lower()))),
    )


def _place(address: str) -> tuple[str | None, int | None, str] | None:
    """Host, port and path: a tag of the wrong scheme is of the same hub still."""
    try:
        parts = urlsplit(address)
        port = None if parts.port in {80, 443} else parts.port
    except ValueError:
        return None
    return parts.hostname, port, parts.path


def _is_script(address: str) -> bool:
    place = _place(address)
    return bool(place and place[0] and place[2].endswith(_SCRIPT))


def _key(address: str) -> str:
    query = parse_qsl(address.partition("?")[2].partition("#")[0])
    key = next((value for name, value in query if name == "key"), "")
    return key if _KEY.fullmatch(key) else ""


def _checkouts(markup: Markup, base: str, url: str, tags: tuple[HubTag, ...]) -> dict[CheckoutLink, int]:
    named = tuple(host for tag in tags if tag.is_ours for host in tag.checkout_hosts)
    page_host = (_place(url) or ("",))[0] or ""
    found: Counter[CheckoutLink] = Counter()
    for address, is_link in _addresses(markup):
        link = checkout_of(_joined(base, address), is_link=is_link, named_hosts=named, page_host=page_host)
        if link and (link in found or len(found) < CHECKOUTS_MAX):
            found[link] += 1
    return dict(found)


def _addresses(markup: Markup) -> list[tuple[str, bool]]:
    """What the page can send a visitor to, and whether by a link."""
    found: dict[tuple[str, bool], None] = {}
    for element in markup.elements:
        attributes, is_link = element.attributes, element.name in _LINKS
        for name in ("href", "action", "formaction", "src") if element.name not in {"script", "img", "link"} else ():
            if name in attributes:
                found[attributes[name], is_link and name == "href"] = None
        for address in checkouts_in_code(attributes.get("onclick", "")):
            found[address, False] = None
    for address in checkouts_in_code(markup.inline):
        found[address, False] = None
    return list(found)
