"""Brazilian tax numbers: CPF of a person, CNPJ of a company."""

import re

from tracking_core.identity.text import clean

_LIMIT = 32
_SEPARATORS = re.compile(r"[.\-/ ]")
_CPF = re.compile(r"[0-9]{11}")
# Since July 2026 the first twelve places of a new CNPJ may be letters (Receita Federal, IN RFB 2.229/2024).
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF_WEIGHTS = tuple(range(11, 1, -1))
_CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def normalize_document(text: str | None) -> str | None:
    """A CPF (11 digits) or CNPJ (14 places, upper case) without punctuation; None when a check digit fails."""
    document = _SEPARATORS.sub("", clean(text, _LIMIT)).upper()
    if len(set(document)) < 2:  # 111.111.111-11 passes the arithmetic and is nobody's
        return None
    is_cpf = _CPF.fullmatch(document) and _holds(document, _CPF_WEIGHTS)
    is_cnpj = _CNPJ.fullmatch(document) and _holds(document, _CNPJ_WEIGHTS)
    return document if is_cpf or is_cnpj else None


def _holds(document: str, weights: tuple[int, ...]) -> bool:
    body = document[:-2]
    first = _check_digit(body, weights[1:])
    return document[-2:] == first + _check_digit(body + first, weights)


def _check_digit(places: str, weights: tuple[int, ...]) -> str:
    """Modulo 11; a letter counts as its ASCII code less 48, which leaves digits as they are."""
    rest = sum((ord(place) - 48) * weight for place, weight in zip(places, weights, strict=True)) % 11
    return str(11 - rest) if rest > 1 else "0"
