"""Brazilian taxpayer documents: CPF (people) and CNPJ (companies, alphanumeric since July 2026)."""

import re

from tracking_core.identity.text import clean

_INPUT_MAX = 40
_SEPARATORS = re.compile(r"[\s./\-]+")
_CPF = re.compile(r"[0-9]{11}")
# Twelve letters or digits and two check digits, by the rule of the alphanumeric CNPJ; the old one is a case of it.
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_CPF_WEIGHTS = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def normalize_document(text: str | None) -> str | None:
    """A CPF (11 digits) or CNPJ (14 upper-case characters) with right check digits, or None."""
    bare = _SEPARATORS.sub("", clean(text, _INPUT_MAX)).upper()
    if len(set(bare)) < 2:  # 111.111.111-11 has right check digits and belongs to nobody
        return None
    if _CPF.fullmatch(bare) and _is_checked(bare, _CPF_WEIGHTS):
        return bare
    return bare if _CNPJ.fullmatch(bare) and _is_checked(bare, _CNPJ_WEIGHTS) else None


def _is_checked(bare: str, weights: tuple[int, ...]) -> bool:
    body = bare[:-2]
    first = _check_digit(body, weights[1:])
    return bare[-2:] == first + _check_digit(body + first, weights)


def _check_digit(body: str, weights: tuple[int, ...]) -> str:
    """Modulo 11 over each character's code minus that of ``0``."""
    rest = sum((ord(char) - 48) * weight for char, weight in zip(body, weights, strict=True)) % 11
    return "0" if rest < 2 else str(11 - rest)
