"""How a person reaches the seller: sealed with the tenant's key, in no case file, no event and no log."""

from typing import Annotated
from uuid import UUID

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from tracking_core.identity.normalize import normalize_email
from tracking_core.identity.text import visible
from tracking_core.models import SetupSession
from tracking_core.secrets.keyring import TenantCipher

EMAIL = "This is not an e-mail address."
PHONE = "This is not a phone number. Write it with its area code; outside Brazil, with + and its country code."
NO_WAY = "Give an e-mail address or a phone number."
_REGION = "BR"


def _email(text: str) -> str:
    email = normalize_email(text)
    if email is None:
        raise PydanticCustomError("email_invalid", EMAIL)
    return email


def _phone(text: str) -> str:
    """In E.164. A company's line will do: it is answered too."""
    try:
        number = phonenumbers.parse(text, _REGION)
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone_invalid", PHONE) from None
    if not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("phone_invalid", PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Contact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(visible)
    ] = Field(repr=False)
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)] | None = Field(
        default=None, repr=False
    )
    phone: Annotated[str, StringConstraints(max_length=32), AfterValidator(_phone)] | None = Field(
        default=None, repr=False
    )

    @model_validator(mode="after")
    def _can_be_reached(self) -> "Contact":
        if self.email is None and self.phone is None:
            raise PydanticCustomError("contact_unreachable", NO_WAY)
        return self


def contact_context(session_id: UUID) -> str:
    """Where the ciphertext stands: it opens nowhere else."""
    return f"setup:{session_id}:contact"


def keep_contact(row: SetupSession, contact: Contact, cipher: TenantCipher) -> None:
    """Seal it into the session's row, in the place of an earlier one."""
    row.contact = cipher.encrypt(contact.model_dump_json().encode(), contact_context(row.id))


def contact_of(row: SetupSession, cipher: TenantCipher) -> Contact | None:
    """In clear: for the person who has the case and for the channels that reach the seller."""
    if row.contact is None:
        return None
    return Contact.model_validate_json(cipher.decrypt(bytes(row.contact), contact_context(row.id)))
