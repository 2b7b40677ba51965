"""Names, gender and date of birth. Names come in several spellings, the documented one first."""

import re
from datetime import date

from tracking_core.identity.text import clean, distinct, folded, lowered, with_ascii, without_punctuation
from tracking_core.kit import clock

_NAME_MAX = 200
_SPELLINGS_MAX = 6
_GENDERS = {
    "f": ("f", "fem", "female", "feminino", "feminina", "mulher", "woman", "girl"),
    "m": ("m", "masc", "male", "masculino", "masculina", "homem", "man", "boy"),
}
_GENDER_OF = {word: code for code, words in _GENDERS.items() for word in words}
_ISO_DATE = re.compile(r"([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})(?:[T ].*)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_OLDEST_YEAR = 1900


def normalize_name(text: str | None) -> tuple[str, ...]:
    """Spellings of a first or last name, lower case and without punctuation.

    Meta's own libraries disagree on inner spaces and shops on accents, so ``D'Ávila`` gives ``dávila`` and
    ``davila``, and ``de Souza`` gives ``desouza`` and ``de souza``.
    """
    words = lowered(without_punctuation(clean(text, _NAME_MAX))).split()
    return distinct((*with_ascii("".join(words)), *with_ascii(" ".join(words))))


def normalize_full_name(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First-name and last-name spellings of a full name: the first word, then all the rest and the last word alone."""
    first, *rest = clean(text, _NAME_MAX).split() or [""]
    last = (*normalize_name(" ".join(rest)), *normalize_name(rest[-1] if rest else None))
    return normalize_name(first), distinct(last)[:_SPELLINGS_MAX]


def normalize_gender(text: str | None) -> str | None:
    """``f`` or ``m``; anything else is not sent."""
    return _GENDER_OF.get(folded(clean(text, _NAME_MAX).lower()).rstrip("."))


def normalize_birth_date(text: str | None) -> str | None:
    """``YYYYMMDD``. Dates written with the year last are day first, as Brazil writes them."""
    said = clean(text, _NAME_MAX)
    if iso := _ISO_DATE.fullmatch(said):
        return _valid_date(int(iso[1]), int(iso[2]), int(iso[3]))
    if written := _DAY_FIRST.fullmatch(said):
        day, month = int(written[1]), int(written[2])
        if month > 12:  # then it can only be month first
            day, month = month, day
        return _valid_date(int(written[3]), month, day)
    return None


def _valid_date(year: int, month: int, day: int) -> str | None:
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born.strftime("%Y%m%d") if year >= _OLDEST_YEAR and born <= clock.now().date() else None
