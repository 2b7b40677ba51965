"""Whether an order is a subscription's later charge."""

from datetime import datetime

from tracking_core.gateways.fields import Fields
from tracking_core.gateways.kiwify.tables import ZONE


def earlier_charges(order: Fields, order_id: str | None) -> int:
    """How many charges of the subscription were paid before this order.

    Kiwify may announce a renewal as ``order_approved`` with a new ``order_id``, so the list of completed charges
    decides: a paid charge of another order, made before this one. The first order's own refund, which comes when
    later charges are in the list too, stays a first order that way.
    """
    charges = order.child("Subscription").child("charges").children("completed")
    own = next((one for one in charges if order_id and one.text("order_id") == order_id), None)
    made_at = (own.moment("created_at", ZONE) if own else None) or order.moment("created_at", ZONE)
    others = [one for one in charges if one.text("order_id") not in (None, order_id)]
    return sum(_is_earlier(one, made_at) for one in others)


def _is_earlier(charge: Fields, made_at: datetime | None) -> bool:
    """An undated charge is taken for earlier: a list of completed charges is a past."""
    if charge.text("status") not in (None, "paid"):
        return False
    charged_at = charge.moment("created_at", ZONE)
    return charged_at is None or made_at is None or charged_at < made_at
