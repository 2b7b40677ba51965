"""City, state, postal code and country, for Brazil first."""

import re
from functools import lru_cache

from babel import Locale

from tracking_core.identity.text import clean, distinct, folded, lowered, only_letters_and_digits, with_ascii

_PLACE_MAX = 120
_CEP_DIGITS = 8
_CEP_PREFIX = 5
_UF_NAMES = {
    "acre": "ac",
    "alagoas": "al",
    "amapa": "ap",
    "amazonas": "am",
    "bahia": "ba",
    "ceara": "ce",
    "distritofederal": "df",
    "espiritosanto": "es",
    "goias": "go",
    "maranhao": "ma",
    "matogrosso": "mt",
    "matogrossodosul": "ms",
    "minasgerais": "mg",
    "para": "pa",
    "paraiba": "pb",
    "parana": "pr",
    "pernambuco": "pe",
    "piaui": "pi",
    "riodejaneiro": "rj",
    "riograndedonorte": "rn",
    "riograndedosul": "rs",
    "rondonia": "ro",
    "roraima": "rr",
    "santacatarina": "sc",
    "saopaulo": "sp",
    "sergipe": "se",
    "tocantins": "to",
}
_UF = "|".join(_UF_NAMES.values())
_UF_SUFFIX = re.compile(rf"(?:\s*[/,]\s*|\s+[-–]\s*|\s*\(\s*|-(?=[A-Z]))({_UF})\s*\)?", re.IGNORECASE)
_ISO_SUBDIVISION = re.compile(rf"br[\s_-]?({_UF})", re.IGNORECASE)
_STATE_OF = re.compile(r"(?:estado (?:de|do|da)|state of) ", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+")
_DASHES = re.compile(r"[-‐‑–—]")
_US_ZIP = re.compile(r"([0-9]{5})-?[0-9]{4}")
# Territories of CLDR that ISO 3166-1 does not assign.
_NOT_ISO = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"])
_ALIASES = {
    "eua": "us",
    "estadosunidosdaamerica": "us",
    "unitedstatesofamerica": "us",
    "usa": "us",
    "inglaterra": "gb",
    "england": "gb",
    "uk": "gb",
    "greatbritain": "gb",
    "graobretanha": "gb",
    "holanda": "nl",
    "holland": "nl",
    "bra": "br",
    "prt": "pt",
    "arg": "ar",
    "ury": "uy",
    "pry": "py",
    "chl": "cl",
    "mex": "mx",
    "esp": "es",
    "gbr": "gb",
}


def normalize_city(text: str | None) -> tuple[str, ...]:
    """Spellings without spaces and punctuation, with and without accents (``sãopaulo``, ``saopaulo``)."""
    city, _ = _without_uf(clean(text, _PLACE_MAX))
    return with_ascii(lowered(only_letters_and_digits(city)))


def normalize_state(text: str | None) -> str | None:
    """A Brazilian state's two letters from its name or code; other states lower case, without spaces or digits."""
    said = clean(text, _PLACE_MAX)
    if coded := _ISO_SUBDIVISION.fullmatch(said):
        return coded[1].lower()
    name, suffix = _without_uf(said)
    if suffix:
        return suffix
    letters = _DIGITS.sub("", lowered(only_letters_and_digits(_STATE_OF.sub("", name, count=1))))
    return _UF_NAMES.get(folded(letters), letters) or None


def normalize_zip(text: str | None, country: str | None = None) -> tuple[str, ...]:
    """Spellings of a postal code; ``country`` (ISO alpha-2) when it is known.

    A CEP gives ``01310100``, the documentation's form, and ``01310``, which Meta's libraries make of ``01310-100``.
    """
    said = lowered(clean(text, _PLACE_MAX))
    code, region = only_letters_and_digits(said), (country or "").upper()
    if len(code) < 2 or not code.strip("0"):
        return ()
    if region == "BR" and len(code) == _CEP_DIGITS - 1 and code.isdecimal():
        code = f"0{code}"  # São Paulo's codes lose their zero in spreadsheets
    if len(code) == _CEP_DIGITS and code.isdecimal() and region in ("", "BR"):
        return distinct((code, code[:_CEP_PREFIX])) if len(set(code)) > 1 else ()
    if (american := _US_ZIP.fullmatch(said)) and region in ("", "US"):
        return (american[1],)
    head = only_letters_and_digits(_DASHES.split(said, maxsplit=1)[0])
    return distinct((code, head if len(head) > 1 else ""))


def normalize_country(text: str | None) -> str | None:
    """ISO 3166-1 alpha-2 in lower case, from a code or from a Portuguese or English name."""
    key = folded(lowered(only_letters_and_digits(clean(text, _PLACE_MAX))))
    return _countries().get(key)


def _without_uf(place: str) -> tuple[str, str | None]:
    """Split ``Rio de Janeiro - RJ`` into the place and its state."""
    for found in _UF_SUFFIX.finditer(place):
        if found.end() == len(place) and found.start() > 0:
            return place[: found.start()], found[1].lower()
    return place, None


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ("en", "pt"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code not in _NOT_ISO:
                key = folded(lowered(only_letters_and_digits(name)))
                found |= {code.lower(): code.lower(), key: code.lower()}
    return found | _ALIASES
