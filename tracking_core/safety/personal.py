"""Numbers of people: CPF, CNPJ (also the alphanumeric one of 2026) and payment cards, proved by their check digits."""

import re
from collections.abc import Iterator, Sequence

from tracking_core.models import SecretKind
from tracking_core.safety.shapes import Hit

_CPF = re.compile(r"(?<![\w.-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\w-])")
_CNPJ = re.compile(r"(?<![\w.-])[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/?[0-9A-Z]{4}-?\d{2}(?![\w-])")
_CARD = re.compile(r"(?<![\w-])[2-6]\d{3}(?:[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|[ -]?\d{6}[ -]?\d{5})(?![\w-])")
_CPF_WORD = re.compile(r"(?i)cpf|documento")
_CNPJ_WORD = re.compile(r"(?i)cnpj")
_CARD_WORD = re.compile(r"(?i)cart[aã]o|\bcard|visa|master|\belo\b|amex|cr[eé]dito|d[eé]bito")
_MOBILE = re.compile(r"[1-9]{2}9\d{8}")
_WORD_CHARS = 30


def personal(text: str) -> Iterator[Hit]:
    for match in _CPF.finditer(text):
        if _is_cpf(match[0]) and (_is_written_so(match[0]) or _said(_CPF_WORD, match) or not _MOBILE.match(match[0])):
            yield _hit("personal_cpf", match)
    for match in _CNPJ.finditer(text):
        if _is_cnpj(match[0]) and ("/" in match[0] or _said(_CNPJ_WORD, match)):
            yield _hit("personal_cnpj", match)
    for match in _CARD.finditer(text):
        if _passes_luhn(match[0]) and (_is_written_so(match[0]) or _said(_CARD_WORD, match)):
            yield _hit("personal_card", match)


def _hit(rule: str, match: re.Match[str]) -> Hit:
    return Hit(*match.span(), SecretKind.UNKNOWN, rule, match[0])


def _is_written_so(number: str) -> bool:
    """In groups: a dataset ID is not."""
    return not number.isdigit()


def _said(word: re.Pattern[str], match: re.Match[str]) -> bool:
    return word.search(match.string, max(0, match.start() - _WORD_CHARS), match.start()) is not None


def _is_cpf(number: str) -> bool:
    digits = _values(number)
    weights = [range(10, 1, -1), range(11, 1, -1)]
    return len(set(digits)) > 1 and all(_check(digits, line) == digits[len(line)] for line in weights)


def _is_cnpj(number: str) -> bool:
    digits = _values(number)
    first = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    return len(set(digits)) > 1 and all(_check(digits, line) == digits[len(line)] for line in (first, [6, *first]))


def _values(number: str) -> list[int]:
    """A letter counts as its place in ASCII after the digit nought."""
    return [ord(char) - ord("0") for char in number if char.isalnum()]


def _check(digits: Sequence[int], weights: Sequence[int]) -> int:
    rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11
    return 0 if rest < 2 else 11 - rest


def _passes_luhn(number: str) -> bool:
    digits = _values("".join(char for char in number if char.isdigit()))
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return len(digits) >= 13 and sum(digits[-1::-2]) % 10 == -sum(doubled) % 10
