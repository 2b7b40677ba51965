"""A person's identifiers in Meta's normal form, before hashing. Total functions: any text or None, never an exception.

Rules: Meta's "customer information parameters" page. Where Meta's own libraries differ, a function named
``..._spellings`` gives each form that may be the one Meta holds, the documented one first.
"""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from tracking_core.identity.documents import normalize_document
from tracking_core.identity.places import city_spellings, normalize_country, normalize_state, zip_spellings
from tracking_core.identity.text import clean, distinct, fold, lower, without_punctuation

__all__ = [
    "city_spellings",
    "last_name_spellings",
    "name_spellings",
    "normalize_country",
    "normalize_document",
    "normalize_email",
    "normalize_phone",
    "normalize_state",
    "zip_spellings",
]

_EMAIL_LIMIT = 254
_NAME_LIMIT = 200
_PHONE_LIMIT = 64
_MAX_SPELLINGS = 4
_EMAIL = re.compile(
    r"[^\s@,;:<>()\[\]\"\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59})"
)
_JID_HOSTS = frozenset({"s.whatsapp.net", "c.us"})
# A line that belongs to somebody: 0800 and 4004 numbers are a company's and say nothing about a buyer.
_PERSONAL = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_BRAZIL = 55


def normalize_email(text: str | None) -> str | None:
    """Trimmed lower case; dots and plus tags stay. None when it is not one address."""
    email = lower(clean(text, _EMAIL_LIMIT))
    return email if len(email) <= _EMAIL_LIMIT and _EMAIL.fullmatch(email) else None


def normalize_phone(text: str | None, default_country: str = "BR") -> str | None:
    """Digits with country code, validated by libphonenumber; None rather than a guess that cannot match.

    ``default_country`` (ISO alpha-2) is used when no country code is written. 10-11 Brazilian digits are national
    (area code 55 exists), 12 or more international; a WhatsApp JID and a ``00`` prefix are international. A number
    without area code, an eight-digit mobile and the ``99999-9999`` people type to pass a form are dropped.
    """
    if not text or len(text) > _PHONE_LIMIT:
        return None
    return _phone(text, default_country[:8])


@lru_cache(maxsize=16_384)
def _phone(text: str, default_country: str) -> str | None:
    region = default_country.strip().upper()
    for reading in _readings(clean(text, _PHONE_LIMIT)):
        number = _parsed(reading, region)
        if number is not None:
            digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
            return None if len(set(digits[-8:])) == 1 else digits
    return None


def _readings(text: str) -> tuple[str, ...]:
    """The ways to read what was typed, likeliest first."""
    number, at, host = text.partition("@")
    if at:
        return (f"+{number.partition(':')[0].removeprefix('+')}",) if host.lower() in _JID_HOSTS else ()
    if number.startswith("00"):
        return f"+{number[2:]}", number.lstrip("0")
    digits = sum(char.isdigit() for char in number)
    if "+" in number or number.startswith("0") or not 12 <= digits <= 15:
        return (number,)
    return number, f"+{number}"


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region if region in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if number.country_code == _BRAZIL and phonenumbers.number_type(number) not in _PERSONAL:
        return None
    return number


def name_spellings(text: str | None) -> tuple[str, ...]:
    """A name without punctuation in lower case: joined, joined without accents, and both again with inner spaces.

    ``João Pedro`` gives ``joãopedro``, ``joaopedro``, ``joão pedro``, ``joao pedro``.
    """
    name = clean(without_punctuation(lower(clean(text, _NAME_LIMIT))), _NAME_LIMIT * 2)
    folded = fold(name)
    return distinct(name.replace(" ", ""), folded.replace(" ", ""), name, folded)


def last_name_spellings(text: str | None) -> tuple[str, ...]:
    """As ``name_spellings``, for everything after the first name: the whole of it, then its last word alone."""
    whole = name_spellings(text)
    last = name_spellings(clean(text, _NAME_LIMIT).rpartition(" ")[2])
    joined = (spelling for spelling in whole if " " not in spelling)
    return distinct(*joined, *last, *whole)[:_MAX_SPELLINGS]
