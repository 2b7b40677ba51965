"""Money is a Decimal with its currency; floats never hold it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` in whole units of ``currency`` (ISO 4217, upper case)."""

    amount: Decimal
    currency: str


def decimal_of(value: object) -> Decimal | None:
    """A finite Decimal from a JSON number or numeric text; ``None`` for anything else (booleans too)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
