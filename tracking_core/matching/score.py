"""The baseline score over weak signals, for sales that carry no identifier of ours. Pure and explained.

Each feature is 0 to 1 with a fixed weight; what the gateway did not tell is missing and counts nothing, so a sale
with few signals cannot reach a high score by their absence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tracking_core.matching.candidates import Candidate

WEIGHTS = {"ip": 0.45, "user_agent": 0.10, "time": 0.20, "product": 0.15, "campaign": 0.10}
_TIME_FULL = timedelta(hours=1)
_TIME_NONE = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakSignals:
    """What a sale says that is not an identifier."""

    at: datetime
    ip: str | None
    user_agent: str | None
    product_ids: tuple[str, ...]
    campaign: str | None


def features(sale: WeakSignals, candidate: Candidate) -> dict[str, float]:
    """Feature values of the signals both sides have."""
    found: dict[str, float] = {"time": _closeness(sale.at - candidate.received_at)}
    if sale.ip and candidate.client_ip:
        found["ip"] = float(sale.ip == candidate.client_ip)
    if sale.user_agent and candidate.user_agent:
        found["user_agent"] = float(sale.user_agent == candidate.user_agent)
    pages = f"{candidate.url} {candidate.details.get('checkout_url', '')}"
    if sale.product_ids:
        found["product"] = float(any(product in pages for product in sale.product_ids))
    if sale.campaign and candidate.details.get("utm_campaign"):
        found["campaign"] = float(sale.campaign == candidate.details["utm_campaign"])
    return found


def total(found: dict[str, float]) -> Decimal:
    """The weighted sum, 0.000 to 1.000."""
    return Decimal(sum(WEIGHTS[name] * value for name, value in found.items())).quantize(Decimal("0.001"))


def missing(found: dict[str, float]) -> list[str]:
    return [name for name in WEIGHTS if name not in found]


def _closeness(gap: timedelta) -> float:
    """1 within the hour before the sale, falling to 0 at 48 hours; a click after the sale counts nothing."""
    if gap < -_TIME_FULL or gap >= _TIME_NONE:
        return 0.0
    if gap <= _TIME_FULL:
        return 1.0
    return 1.0 - (gap - _TIME_FULL) / (_TIME_NONE - _TIME_FULL)
