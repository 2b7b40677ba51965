"""What comes back from a Hotmart checkout link: ``src``, ``sck`` and ``xcod``. UTMs on the link never do."""

import re

from tracking_core.gateways.fields import Fields
from tracking_core.gateways.sale_event import Tracking

# xcod is where the hub puts its click id; src is the least likely home.
CARRIERS = ("xcod", "sck", "src")

# Which UTM each part of a piped ``sck`` is; sellers choose the order themselves, this one is the commonest.
DEFAULT_SCK_ORDER = ("source", "medium", "campaign", "content", "term")

_OWN_LABEL = re.compile(r"HOTMART_[A-Z0-9_]+")
_CLICK_ID = re.compile(r"[A-Za-z0-9._~-]{6,128}")


def tracking_of(origin: Fields, sck_order: tuple[str, ...] = DEFAULT_SCK_ORDER) -> Tracking:
    """Labels that Hotmart fills in by itself (HOTMART_PRODUCT_PAGE...) say nothing of the seller's ad: left out."""
    said = {name: origin.text(name) for name in CARRIERS}
    carriers = {name: value for name, value in said.items() if value and not _OWN_LABEL.fullmatch(value)}
    return Tracking(carriers=carriers, utm=_utm_of(carriers.get("sck", ""), sck_order))


def _utm_of(sck: str, order: tuple[str, ...]) -> dict[str, str]:
    """The UTMs of a piped ``sck``: as many parts as the order has, or one more when the last can be a click id."""
    parts = [part.strip() for part in sck.split("|")]
    has_click_id = len(parts) == len(order) + 1 and _CLICK_ID.fullmatch(parts[-1]) is not None
    if len(parts) != len(order) and not has_click_id:
        return {}
    return {name: part for name, part in zip(order, parts, strict=False) if part}
