"""Typed, total reading of JSON written by others: every method gives a value, ``None``, or raises PayloadUnreadable.

Absent, ``null``, ``""`` and blank text are the same thing. An optional field of the wrong type is absent; a number
or text in the other's place is coerced, because gateways send ids and amounts both ways. Text comes out without NUL
characters (PostgreSQL stores none), valid in UTF-8, stripped, and cut at a limit. Identifiers are never cut: two
sales must not become one.
"""

import ipaddress
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from tracking_core.gateways.base import PayloadUnreadable
from tracking_core.kit.money import Money, decimal_of

TEXT_LIMIT = 1_000
IDENTIFIER_LIMIT = 200
EVENT_NAME_LIMIT = 100
LIST_LIMIT = 1_000

_NUMERAL_LIMIT = 40  # longer numerals are nonsense, and slow or refused to convert
_AMOUNT_BOUND = Decimal(10) ** 12
_INTEGER_BOUND = 2**63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Outside of these a date is a mistake, and arithmetic on it may overflow.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class Fields:
    """One JSON object and where it stands in the payload (``path``, for the error)."""

    __slots__ = ("_data", "_path")

    def __init__(self, data: Mapping[str, Any], path: str = "") -> None:
        self._data, self._path = data, path

    def __bool__(self) -> bool:
        return bool(self._data)

    def path_to(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def child(self, key: str) -> "Fields":
        """The object under ``key``; an empty one when there is none."""
        value = self._data.get(key)
        return Fields(value if isinstance(value, dict) else {}, self.path_to(key))

    def required_child(self, key: str) -> "Fields":
        if not isinstance(self._data.get(key), dict):
            raise PayloadUnreadable(self.path_to(key), "must be an object")
        return self.child(key)

    def children(self, key: str) -> list["Fields"]:
        """The objects of the list under ``key``, at most LIST_LIMIT; whatever else is in it is passed over."""
        value = self._data.get(key)
        items = value[:LIST_LIMIT] if isinstance(value, list) else []
        return [Fields(item, self.path_to(key)) for item in items if isinstance(item, dict)]

    def text(self, key: str, limit: int = TEXT_LIMIT) -> str | None:
        """Text, or a number as text; at most ``limit`` characters."""
        return text_of(self._data.get(key), limit)

    def identifier(self, key: str) -> str | None:
        """An id whole, or ``None`` when it is longer than IDENTIFIER_LIMIT or no text and no whole number."""
        found = text_of(self._data.get(key), IDENTIFIER_LIMIT + 1)
        return found if found and len(found) <= IDENTIFIER_LIMIT else None

    def required_identifier(self, key: str) -> str:
        found = self.identifier(key)
        if found is None:
            problem = "missing" if is_absent(self._data.get(key)) else "must be a text or number of a sane length"
            raise PayloadUnreadable(self.path_to(key), problem)
        return found

    def event_name(self, key: str) -> str | None:
        """The gateway's own name of the event; raises when there is something that is no text."""
        value = self._data.get(key)
        if value is not None and not isinstance(value, str):
            raise PayloadUnreadable(self.path_to(key), "must be text")
        return text_of(value, EVENT_NAME_LIMIT)

    def integer(self, key: str) -> int | None:
        number = number_of(self._data.get(key))
        if number is None or number != number.to_integral_value():
            return None
        return int(number) if abs(number) < _INTEGER_BOUND else None

    def count(self, key: str) -> int | None:
        """A small positive whole number (instalments, the n-th charge)."""
        number = self.integer(key)
        return number if number is not None and 0 < number < 10_000 else None

    def flag(self, key: str) -> bool:
        """True for ``true`` in any usual spelling; anything else is False."""
        value = self._data.get(key)
        return value is True or (isinstance(value, str) and value.strip().lower() == "true")

    def money(self, key: str, currency: str | None, *, decimals: int = 0, required: bool = False) -> Money | None:
        """The amount under ``key``, given in units of 10^-``decimals`` of ``currency``.

        A fraction of such a unit is no amount: the gateway would mean something else by it than we read.
        ``None`` when the gateway says no amount or no currency. A present amount that is no sane amount raises when
        ``required``, because reporting the sale without it would be wrong silently.
        """
        value = self._data.get(key)
        amount = number_of(value)
        is_fraction = decimals > 0 and amount is not None and amount != amount.to_integral_value()
        if amount is None or is_fraction or not 0 <= amount < _AMOUNT_BOUND:
            if required and not is_absent(value):
                raise PayloadUnreadable(self.path_to(key), "must be an amount of money")
            return None
        return Money(amount.scaleb(-decimals), currency) if currency else None

    def currency(self, key: str) -> str | None:
        """ISO 4217 code, upper case."""
        return _letters(self.text(key), 3)

    def country(self, key: str) -> str | None:
        """ISO 3166-1 alpha-2 code, upper case."""
        return _letters(self.text(key), 2)

    def ip(self, key: str) -> str | None:
        """An IPv4 or IPv6 address that PostgreSQL's ``inet`` takes too, hence without a zone."""
        found = self.text(key)
        if found is None or "%" in found:
            return None
        try:
            return str(ipaddress.ip_address(found))
        except ValueError:
            return None

    def epoch_ms(self, key: str) -> datetime | None:
        """Milliseconds since 1970 as aware UTC."""
        number = number_of(self._data.get(key))
        if number is None or abs(number) >= _AMOUNT_BOUND * 10:
            return None
        return _plausible(_EPOCH + timedelta(milliseconds=int(number)))

    def moment(self, key: str, zone: tzinfo) -> datetime | None:
        """ISO 8601 or ``DD/MM/YYYY[ HH:MM[:SS]]`` as aware UTC; a text without offset is in ``zone``."""
        value = self._data.get(key)
        found = text_of(value, 64) if isinstance(value, str) else None
        return date_of(found, zone) if found else None


def is_absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Clean text from a JSON text or number; ``None`` for booleans, lists, objects, NaN and numerals too long."""
    if isinstance(value, str):
        return clean(value, limit) or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _INTEGER_BOUND else repr(value)
    return str(value) if abs(value) < _INTEGER_BOUND else None


def clean(text: str, limit: int) -> str:
    """Without NUL, without lone surrogates, stripped, at most ``limit`` characters."""
    text = text.replace("\x00", "").strip()[:limit]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def number_of(value: object) -> Decimal | None:
    """A finite Decimal of sane size from a JSON number or plain numeric text."""
    if isinstance(value, int) and abs(value) >= _INTEGER_BOUND:
        return None
    if isinstance(value, str) and (len(value) > _NUMERAL_LIMIT or not value.isascii()):
        return None
    number = decimal_of(value)
    return number if number is None or -_NUMERAL_LIMIT < number.adjusted() < _NUMERAL_LIMIT else None


def date_of(text: str, zone: tzinfo) -> datetime | None:
    """See ``Fields.moment``."""
    try:
        found = _day_first(text) if text[2:3] == "/" else datetime.fromisoformat(text)
        return _plausible((found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _day_first(text: str) -> datetime:
    day, _, time = text.partition(" ")
    dd, mm, yyyy = day.split("/")
    return datetime.fromisoformat(f"{yyyy}-{mm}-{dd} {time}".strip())


def _plausible(moment: datetime) -> datetime | None:
    return moment if _EARLIEST <= moment < _LATEST else None


def _letters(text: str | None, length: int) -> str | None:
    return text.upper() if text and len(text) == length and text.isascii() and text.isalpha() else None
