"""What a person may be asked for by, in the one form the hub stores, hashes and matches elsewhere.

``Identifier`` is made by ``identifier()`` only, so its value is always normal. Whatever prints it shows its kind alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tracking_core.consent.subjects import subjects_of
from tracking_core.identity.normalize import normalize_document, normalize_email, normalize_phone
from tracking_core.kit.hashing import sha256_hex
from tracking_core.privacy.errors import (
    ClickIdUnreadable,
    DocumentUnreadable,
    EmailUnreadable,
    IdentifierKindUnknown,
    IdentifierMalformed,
    OrderUnreadable,
    PhoneUnreadable,
)
from tracking_core.secrets.keyring import TenantCipher

# The collector's own form of a click id (``collector.schema``), and the gateways' limit of an identifier. Not what
# would be written otherwise inside JSON, and nothing so short that it stands in every second number.
_CLICK_ID = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{6,128}")
_ORDER = re.compile(r"[^\x00-\x1f\x7f\"\\]{4,200}")


class IdentifierKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"  # CPF or CNPJ
    CLICK_ID = "click_id"
    ORDER = "order"  # the gateway's id of a sale


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """One identifier of one person. ``value`` is in normal form: a lower-case address, E.164 digits without ``+``, a
    document without punctuation, an id as it was given out."""

    kind: IdentifierKind
    value: str

    def __repr__(self) -> str:
        return f"Identifier({self.kind})"

    @property
    def digest(self) -> str:
        """Lower-case hex SHA-256 of the value: how e-mails and phones stand in events, sales and deliveries."""
        return sha256_hex(self.value)

    @property
    def subject(self) -> UUID | None:
        """The subject id under which consent is kept; None for what consent is not kept by."""
        match self.kind:
            case IdentifierKind.EMAIL:
                found = subjects_of(email_hash=self.digest)
            case IdentifierKind.PHONE:
                found = subjects_of(phone_hash=self.digest)
            case IdentifierKind.CLICK_ID:
                found = subjects_of(click_id=self.value)
            case _:
                found = ()
        return found[0] if found else None

    def fingerprint(self, cipher: TenantCipher) -> str:
        """16 hex digits keyed with the tenant's data key: equal within a tenant, and nothing else can be told."""
        return cipher.fingerprint(f"{self.kind}:{self.value}".encode())


def identifier(kind: str, value: str, *, country: str = "BR") -> Identifier:
    """The identifier in normal form; ``country`` (ISO alpha-2) completes a phone without one. Raises
    IdentifierMalformed, whose class says what is wrong."""
    try:
        known = IdentifierKind(kind)
    except ValueError:
        raise IdentifierKindUnknown from None
    normal = _normal(known, value, country)
    if normal is None:
        raise _REFUSALS[known]
    return Identifier(known, normal)


def _normal(kind: IdentifierKind, value: str, country: str) -> str | None:
    match kind:
        case IdentifierKind.EMAIL:
            return normalize_email(value)
        case IdentifierKind.PHONE:
            return normalize_phone(value, country)
        case IdentifierKind.DOCUMENT:
            return normalize_document(value)
        case IdentifierKind.CLICK_ID:
            return _whole(_CLICK_ID, value)
        case IdentifierKind.ORDER:
            return _whole(_ORDER, value)


def _whole(form: re.Pattern[str], value: str) -> str | None:
    stripped = value.strip()
    return stripped if form.fullmatch(stripped) else None


_REFUSALS: dict[IdentifierKind, type[IdentifierMalformed]] = {
    IdentifierKind.EMAIL: EmailUnreadable,
    IdentifierKind.PHONE: PhoneUnreadable,
    IdentifierKind.DOCUMENT: DocumentUnreadable,
    IdentifierKind.CLICK_ID: ClickIdUnreadable,
    IdentifierKind.ORDER: OrderUnreadable,
}
