"""Where the sale stands, what happens next, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tracking_core.ledger.read import LedgerState
from tracking_core.models import OPEN_STATES, Conversion, Decision
from tracking_core.reporting.connections import Condition
from tracking_core.reporting.hops.deliveries import SENDING, DeliveryTold
from tracking_core.reporting.sales import SaleRow
from tracking_core.reporting.sentences import Sentence, of

STATES = {
    LedgerState.WAITING: "The sale waits.",
    LedgerState.WITHHELD: "The sale is not sent.",
    LedgerState.DUPLICATE: "The sale is a copy and is not sent.",
    LedgerState.ON_HOLD: "The sale waits for a connection that is on hold.",
    LedgerState.RETRYING: "Sending the sale failed and is tried again.",
    LedgerState.DEAD: "The sale could not be sent.",
    LedgerState.DELIVERED: "Meta has the sale.",
}
NEXT = "It is tried next on {at}; there is time until {deadline}."
NEXT_PAYMENT = "Nothing happens until the gateway says more about the payment."
NEXT_CLICK = "The click that it names, and with it the visitor's consent, is awaited until {at}; then it is decided."
NEXT_PERSON = (
    "A person has to act: repair the connection or switch it on before {deadline}, and the rest happens by itself."
)
NEXT_REPLAY = "A person has to act: repair the cause and replay it before {deadline}."
NEXT_NOTHING = "Nothing more happens."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``next_at`` is when something happens by itself, ``deadline`` until when it is of use; None: not at all."""

    state: LedgerState
    reason: str | None
    next_at: datetime | None
    deadline: datetime | None
    sentences: tuple[Sentence, ...]


def standing_of(sale: SaleRow, conversion: Conversion, deliveries: Sequence[DeliveryTold]) -> Standing:
    useful = [one for one in deliveries if one.state in OPEN_STATES or one.can_replay]
    told = [of(STATES[sale.state])]
    if sale.explanation:
        told.append(sale.explanation)
    told.append(_next(conversion, useful))
    return Standing(
        state=sale.state,
        reason=sale.reason,
        next_at=_soonest(useful),
        deadline=min((one.deadline for one in useful), default=None),
        sentences=tuple(told),
    )


def _next(conversion: Conversion, useful: Sequence[DeliveryTold]) -> Sentence:
    """What a person has to do comes first: what happens by itself needs nobody."""
    if conversion.decision == Decision.UNDECIDED:
        return of(NEXT_CLICK, at=conversion.rematch_at) if conversion.rematch_at else of(NEXT_PAYMENT)
    if dead := [one.deadline for one in useful if one.can_replay]:
        return of(NEXT_REPLAY, deadline=min(dead))
    if stuck := [one.deadline for one in useful if one.condition is not Condition.ACTIVE]:
        return of(NEXT_PERSON, deadline=min(stuck))
    if next_at := _soonest(useful):
        return of(NEXT, at=next_at, deadline=min(one.deadline for one in useful))
    return of(SENDING) if useful else of(NEXT_NOTHING)


def _soonest(useful: Sequence[DeliveryTold]) -> datetime | None:
    return min((one.next_at for one in useful if one.next_at), default=None)
