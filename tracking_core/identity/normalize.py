"""Identifiers of a person in Meta's normal form, before hashing.

Every function takes any text or None and never raises; what cannot be an identifier is None or no spelling. Where
implementations of Meta's rules differ and a wrong guess would cost the match, all spellings are returned, the one
the documentation describes first. Results are clear text: hash them before they are stored or sent.
"""

import re

from tracking_core.identity.documents import normalize_document
from tracking_core.identity.people import normalize_birth_date, normalize_full_name, normalize_gender, normalize_name
from tracking_core.identity.phones import normalize_phone
from tracking_core.identity.places import normalize_city, normalize_country, normalize_state, normalize_zip
from tracking_core.identity.text import clean, lowered

__all__ = [
    "normalize_birth_date",
    "normalize_city",
    "normalize_country",
    "normalize_document",
    "normalize_email",
    "normalize_full_name",
    "normalize_gender",
    "normalize_name",
    "normalize_phone",
    "normalize_state",
    "normalize_zip",
]

_EMAIL_MAX = 320
_LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"
_EMAIL = re.compile(
    r"[^\s@,;:<>()\[\]\\\"]{1,64}"  # dots and plus tags stay: Meta does not fold them
    rf"@(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})"
)


def normalize_email(text: str | None) -> str | None:
    """Trimmed lower-case address, or None when it is not exactly one address."""
    address = lowered(clean(text, _EMAIL_MAX))
    return address if _EMAIL.fullmatch(address) else None
