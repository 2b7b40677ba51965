"""A credential in hand. Whatever prints, formats, serialises or copies it gets three stars or an error."""

import hmac
from typing import NoReturn

from tracking_core.logging import MASK


class SecretValue:
    """``reveal()`` is the only way to the text. It cannot be pickled or copied, so no checkpoint keeps it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"SecretValue({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A SecretValue is neither copied nor serialised.")
