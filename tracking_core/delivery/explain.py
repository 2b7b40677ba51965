"""A sale's or a delivery's stored reason as a sentence (an English msgid) that says what to do."""

import re

from tracking_core.destinations.meta_capi.errors import FailureClass, explain

_REASON = re.compile(r"^(?P<failure>[a-z]+)(?::(?P<code>\d+)(?:/(?P<subcode>\d+))?)?$")
UNKNOWN = "Meta gave a reason that we do not know."
SENTENCES = {
    "event_id_already_claimed": "This sale came a second time, through another webhook, and was already counted.",
    "consent_missing": "Your settings ask for the buyer's consent before a sale is sent, and there is none.",
    "no_value": "The gateway did not say what the sale is worth, and Meta takes no purchase without a value.",
    "not_sendable": "The sale's currency or amount has no form that Meta takes.",
    "older_than_7_days": "The sale is more than 7 days old, and Meta no longer takes it.",
    "too_little_customer_data": "There is too little data about the buyer for Meta to recognise them. Ask for e-mail "
    "and phone at the checkout.",
    "no_dataset_connected": "No Meta dataset is connected, so the sale was not sent. Connect one for the next sales.",
    "no_dataset_enabled": "Every connection to a Meta dataset was switched off when the sale came, so it was not sent. "
    "Switch one on for the next sales.",
    "connection_disabled": "The connection to this Meta dataset is switched off. What waits for it stays until it is "
    "switched on again.",
    "proof_ended": "This made-up sale was for a check of the setup that is over, so it was not sent.",
    "payment": "The sale waits for its payment.",
    "refused": "The payment was refused, so there is no sale to send.",
    "expired": "The payment was not made in time, so there is no sale to send.",
    "deadline_passed": "The time in which this event could still be sent safely is over.",
    "consent_refused": "The buyer refused the use of their data for ads, so the sale was not sent.",
    "tenant_closed": "The shop was closed here before this was sent, so it was not sent.",
    "privacy_erased": "The buyer asked for their data to be erased, so nothing more of this is sent.",
    "refunded_before_delivery": "The sale was refunded before it was sent, so it was not sent.",
    "chargeback_before_delivery": "The sale was charged back before it was sent, so it was not sent.",
}


def explain_reason(reason: str) -> str:
    if reason in SENTENCES:
        return SENTENCES[reason]
    found = _REASON.match(reason)
    if not found or found["failure"] not in list(FailureClass):
        return UNKNOWN
    numbers = [int(number) if number else None for number in (found["code"], found["subcode"])]
    return explain(numbers[0], numbers[1], FailureClass(found["failure"]))
