"""What a hop of the proof came to."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class ProofCode(StrEnum):
    OK = "proof_ok"
    HUB_UNREACHABLE = "proof_hub_unreachable"
    CLICK_REFUSED = "proof_click_refused"
    PAGEVIEW_REFUSED = "proof_pageview_refused"
    CHECKOUT_REFUSED = "proof_checkout_refused"
    NOT_ANNOUNCED = "proof_not_announced"
    WEBHOOK_REFUSED = "proof_webhook_refused"
    WEBHOOK_NOT_READ = "proof_webhook_not_read"
    NOT_MATCHED = "proof_not_matched"
    NOT_PLANNED = "proof_not_planned"
    NOT_DELIVERED = "proof_not_delivered"
    META_UNAVAILABLE = "proof_meta_unavailable"
    TIMEOUT = "proof_timeout"


_OURS = "Nothing is wrong on your side. Run the check again; if it fails again, ask for help."

MEANINGS: dict[ProofCode, Meaning] = {
    ProofCode.OK: Meaning(Fault.NOBODY, "This step of the made-up sale went through."),
    ProofCode.HUB_UNREACHABLE: Meaning(
        Fault.HUB,
        "The hub did not answer the made-up sale at its own address.",
        "Nothing is wrong on your side. Run the check again in a few minutes.",
    ),
    ProofCode.CLICK_REFUSED: Meaning(Fault.HUB, "The hub refused the click of the made-up visitor.", _OURS),
    ProofCode.PAGEVIEW_REFUSED: Meaning(Fault.HUB, "The hub refused the page view of the made-up visitor.", _OURS),
    ProofCode.CHECKOUT_REFUSED: Meaning(
        Fault.HUB, "The hub refused the started checkout of the made-up visitor.", _OURS
    ),
    ProofCode.NOT_ANNOUNCED: Meaning(
        Fault.HUB, "The made-up sale was not sent, because nothing would have told it from a real one.", _OURS
    ),
    ProofCode.WEBHOOK_REFUSED: Meaning(
        Fault.SELLER,
        "The hub refused the webhook of the made-up sale: it was not signed with the secret saved for its address.",
        "Enter the webhook secret again exactly as your gateway shows it, and run the check again.",
    ),
    ProofCode.WEBHOOK_NOT_READ: Meaning(
        Fault.HUB, "The webhook of the made-up sale arrived, and the hub could not read a sale from it.", _OURS
    ),
    ProofCode.NOT_MATCHED: Meaning(
        Fault.HUB, "The made-up sale arrived, and the hub did not find the click it came from.", _OURS
    ),
    ProofCode.NOT_PLANNED: Meaning(
        Fault.SELLER,
        "The made-up sale was matched to its click, and the hub decided not to send it to Meta.",
        "Mend what the reason names, and run the check again.",
    ),
    ProofCode.NOT_DELIVERED: Meaning(
        Fault.SELLER,
        "The made-up sale was on its way, and Meta did not take it.",
        "Mend what the reason names, and run the check again.",
    ),
    ProofCode.META_UNAVAILABLE: Meaning(
        Fault.PROVIDER,
        "Meta did not take the made-up sale in time, because it is failing or asks for time.",
        "Nothing is wrong on your side. Run the check again in a few minutes.",
    ),
    ProofCode.TIMEOUT: Meaning(
        Fault.HUB,
        "The made-up sale got no further in the time a sale needs.",
        "Nothing is wrong on your side. Run the check again in a few minutes; if it fails again, ask for help.",
    ),
}
