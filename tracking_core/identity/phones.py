"""Telephone numbers as Meta wants them: digits with the country code. libphonenumber decides what is a number.

What it leaves open is decided here, for Brazil first: 10 or 11 digits are national (so ``55999998888`` is area code
55), 12 or more without a leading zero already carry a country code; ``00`` means international; a WhatsApp address
is its number; a number without area code, or an eight-digit mobile, is dropped rather than guessed.
"""

import re
from functools import lru_cache

import phonenumbers

from tracking_core.identity.text import clean

_INPUT_MAX = 80
_CACHED = 16_384
_WHATSAPP = re.compile(r"\+?([0-9]{6,15})(?::[0-9]{1,3})?@(?:s\.whatsapp\.net|c\.us)", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"[^0-9]")
_INTERNATIONAL_MIN = 12
_INTERNATIONAL_MAX = 15
# People type (11) 99999-9999 to get past a form; two of them are not the same person.
_PLACEHOLDER_DIGITS = 8


def normalize_phone(text: str | None, default_country: str = "BR") -> str | None:
    """Digits with country code, or None. ``default_country`` (ISO alpha-2) reads numbers written without one."""
    cleaned = clean(text, _INPUT_MAX)
    return _normal(cleaned, default_country.upper()) if cleaned else None


@lru_cache(maxsize=_CACHED)
def _normal(text: str, region: str) -> str | None:
    if "@" in text:
        address = _WHATSAPP.fullmatch(text)
        return _valid(f"+{address[1]}", region) if address else None
    digits = _NOT_DIGITS.sub("", text)
    for reading in _readings(text, digits):
        if found := _valid(reading, region):
            return found
    return None


def _readings(text: str, digits: str) -> list[str]:
    """What the text may mean, likeliest first."""
    if "+" in text or not text.isascii():
        return [text]
    if digits.startswith("00"):
        return [f"+{digits[2:]}", text]
    if digits.startswith("0") or not _INTERNATIONAL_MIN <= len(digits) <= _INTERNATIONAL_MAX:
        return [text]
    return [text, f"+{digits}"]


def _valid(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
    return None if len(set(digits[-_PLACEHOLDER_DIGITS:])) == 1 else digits
