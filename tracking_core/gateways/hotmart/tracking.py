"""What comes back from a Hotmart checkout link: ``src``, ``sck`` and ``xcod``. UTMs on the link never do."""

import re

from tracking_core.gateways.fields import Fields
from tracking_core.gateways.sale_event import Tracking

# xcod is where the hub puts its click id; src is the least likely home.
CARRIERS = ("xcod", "sck", "src")

# Which UTM each part of a piped ``sck`` is; sellers choose the order themselves, this one is the commonest.
DEFAULT_SCK_ORDER = ("source", "medium", "campaign", "content", "term")

_OWN_LABEL = re.compile(r"HOTMART_[A-Z0-9_]+")
# The ids the browser script makes; it puts one behind the last field of ``sck`` when no other slot is free.
_OWN_CLICK_ID = re.compile(r"h[0-9A-Za-z]{21}")


def tracking_of(origin: Fields, sck_order: tuple[str, ...] = DEFAULT_SCK_ORDER) -> Tracking:
    """Labels that Hotmart fills in by itself (HOTMART_PRODUCT_PAGE...) say nothing of the seller's ad: left out."""
    said = {name: origin.text(name) for name in CARRIERS}
    carriers = {name: value for name, value in said.items() if value and not _OWN_LABEL.fullmatch(value)}
    return Tracking(carriers=carriers, utm=_utm_of(carriers.get("sck", ""), sck_order))


def _utm_of(sck: str, order: tuple[str, ...]) -> dict[str, str]:
    """The UTMs of a piped ``sck`` that has exactly as many parts as the order, the hub's own click id not counted."""
    parts = [part.strip() for part in sck.split("|")]
    if _OWN_CLICK_ID.fullmatch(parts[-1]):
        parts.pop()
    if len(parts) != len(order):
        return {}
    return {name: part for name, part in zip(order, parts, strict=True) if part}
