"""Checkouts a page sends its visitors to, and whether the click id can travel there.

What ``can_carry`` says is what the browser script does (docs/browser-script.md): it fills links to the checkouts of
gateways the hub knows and to hosts the tag names, and leaves forms, frames and calls of code alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from tracking_core.gateways.hotmart.tracking import CARRIERS as HOTMART_CARRIERS
from tracking_core.gateways.kiwify.normalize import CARRIERS as KIWIFY_CARRIERS
from tracking_core.kit.guarded.targets import UrlRefused, target_of

CHECKOUTS_MAX = 20
UNKNOWN = "unknown"

# The script fills the first two places of each gateway, and on a host it does not know all of both.
_SLOTS = {"hotmart": HOTMART_CARRIERS[:2], "kiwify": KIWIFY_CARRIERS[:2], UNKNOWN: ("xcod", "s1", "sck")}
_LAST_RESORT = "sck"
_KNOWN_HOSTS = {
    "hotmart": re.compile(r"(?:.+\.)?hotmart\.com"),
    "kiwify": re.compile(r"(?:.+\.)?kiwify\.(?:com|com\.br|app)"),
}
# Hosts seen on public sales pages, not a list of the vendors'.
_OTHER_HOSTS = {
    "braip": re.compile(r"(?:ev|pay)\.braip\.com"),
    "cakto": re.compile(r"pay\.cakto\.com\.br"),
    "eduzz": re.compile(r"(?:chk|sun)\.eduzz\.com"),
    "greenn": re.compile(r"payfast\.greenn\.com\.br"),
    "hubla": re.compile(r"pay\.hub\.la"),
    "kirvano": re.compile(r"pay\.kirvano\.com"),
    "lastlink": re.compile(r"lastlink\.com"),
    "monetizze": re.compile(r"app\.monetizze\.com\.br"),
    "payt": re.compile(r"checkout\.payt\.com\.br"),
    "perfectpay": re.compile(r"(?:go|checkout)\.perfectpay\.com\.br"),
    "stripe": re.compile(r"(?:buy|checkout)\.stripe\.com"),
    "ticto": re.compile(r"(?:checkout|payment)\.ticto\.app"),
    "hotmart": re.compile(r"hotm\.art"),  # its short links, which the script does not know
}
# Member areas, panels and help of the same vendors: nobody starts a purchase there.
_NO_CHECKOUT = re.compile(r"(?:^|\.)(?:admin|ajuda|app|blog|club|consumer|dashboard|developers|help|members|sso)[.-]")
_LOOKS_LIKE_ONE = re.compile(r"(?:pay|pagamento|checkout|secure|seguro|compra|comprar|buy|cart|carrinho)\.")
_HOTLINK_HOST = re.compile(r"go\.hotmart\.com|kiwify\.app|hotm\.art")
_PAYMENT_HOST = re.compile(r"(?:pay|payment|payfast|checkout|chk|buy|ev|seguro|secure|compra|comprar)\.")
_IN_CODE = re.compile(
    r"https?:\\?/\\?/((?:pay|go)\.hotmart\.com|pay\.kiwify\.com(?:\.br)?|kiwify\.app)(?:\\?/[\w%-]{1,64})?", re.ASCII
)


class PathClass(StrEnum):
    """What the address opens, without saying which product."""

    ROOT = "root"
    PRODUCT = "product"
    HOTLINK = "hotlink"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CheckoutLink:
    """``parameter`` is the one the click id will travel in; None when it cannot."""

    host: str
    gateway: str
    path_class: PathClass
    parameter: str | None

    @property
    def can_carry(self) -> bool:
        return self.parameter is not None


def checkout_of(url: str, *, is_link: bool, named_hosts: Iterable[str], page_host: str) -> CheckoutLink | None:
    """``url`` as a checkout, or None when it is none. ``named_hosts`` are those of the tag's ``data-checkout``."""
    parts = _parts(url)
    if parts is None:
        return None
    host = parts.hostname or ""
    is_named = any(f".{host}".endswith(f".{name}") for name in named_hosts)
    known = _known_gateway(host, is_named=is_named)
    is_likely = is_named or (host != page_host and _LOOKS_LIKE_ONE.match(host))
    gateway = known or _other_gateway(host) or (UNKNOWN if is_likely else None)
    if gateway is None:
        return None
    parameter = _parameter(gateway if known else UNKNOWN, parts.query) if is_link and (known or is_named) else None
    return CheckoutLink(host, gateway, _class(host, parts.path), parameter)


def checkouts_in_code(text: str) -> Iterable[str]:
    """Addresses of checkouts that scripts open; the script cannot reach those."""
    return (match[0].replace("\\", "") for match in _IN_CODE.finditer(text))


def _parts(url: str) -> SplitResult | None:
    """The address, if it is one that a browser opens on the public web."""
    try:
        return urlsplit(target_of(url, frozenset()).url)
    except UrlRefused:
        return None


def _known_gateway(host: str, *, is_named: bool) -> str | None:
    if _NO_CHECKOUT.search(host) and not is_named:
        return None
    return next((gateway for gateway, known in _KNOWN_HOSTS.items() if known.fullmatch(host)), None)


def _other_gateway(host: str) -> str | None:
    return next((gateway for gateway, known in _OTHER_HOSTS.items() if known.fullmatch(host)), None)


def _class(host: str, path: str) -> PathClass:
    if path in {"", "/"}:
        return PathClass.ROOT
    if _HOTLINK_HOST.fullmatch(host):
        return PathClass.HOTLINK
    return PathClass.PRODUCT if _PAYMENT_HOST.match(host) else PathClass.OTHER


def _parameter(gateway: str, query: str) -> str:
    """The first place that is free; with none, behind what the seller has in ``sck``."""
    taken = {name for name, value in parse_qsl(query) if value}
    return next((slot for slot in _SLOTS[gateway] if slot not in taken), _LAST_RESORT)
