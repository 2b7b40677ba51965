"""Codes of the vault, and what they mean to the seller."""

from enum import StrEnum

from tracking_core.setup.outcome import Fault, Meaning


class SecretCode(StrEnum):
    UNKNOWN = "secret_unknown"
    STORE_UNAVAILABLE = "secret_store_unavailable"


MEANINGS: dict[SecretCode, Meaning] = {
    SecretCode.UNKNOWN: Meaning(
        Fault.SELLER,
        "This saved credential does not exist here, has expired or was removed.",
        "Enter the credential again.",
    ),
    SecretCode.STORE_UNAVAILABLE: Meaning(
        Fault.HUB,
        "The store of credentials did not answer. Nothing was changed.",
        "Nothing is wrong on your side. Try again in a few minutes.",
    ),
}
