"""A delivery's stored reason as a sentence (an English msgid) that says what to do."""

import re

from tracking_core.destinations.meta_capi.errors import FailureClass, explain

_REASON = re.compile(r"^(?P<failure>[a-z]+)(?::(?P<code>\d+)(?:/(?P<subcode>\d+))?)?$")
SENTENCES = {
    "deadline_passed": "The time in which this event could still be sent safely is over.",
    "consent_refused": "The buyer refused the use of their data for ads, so the sale was not sent.",
    "refunded_before_delivery": "The sale was refunded before it was sent, so it was not sent.",
    "chargeback_before_delivery": "The sale was charged back before it was sent, so it was not sent.",
}


def explain_reason(reason: str) -> str:
    if reason in SENTENCES:
        return SENTENCES[reason]
    found = _REASON.match(reason)
    if not found or found["failure"] not in list(FailureClass):
        return f"Meta gave a reason that we do not know: {reason}"
    numbers = [int(number) if number else None for number in (found["code"], found["subcode"])]
    return explain(numbers[0], numbers[1], FailureClass(found["failure"]))
