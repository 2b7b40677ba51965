"""City, state, postal code and country as Meta wants them. Meta's own libraries disagree on accents and dashes, so
some of these give every spelling that may be the one Meta holds; Meta takes a list."""

import re
from functools import lru_cache

from babel import Locale
from babel.core import get_global

from tracking_core.identity.text import clean, compact, distinct, fold, lower

_LIMIT = 100
_ZIP_LIMIT = 32
_UF_NAMES = {
    "acre": "ac", "alagoas": "al", "amapa": "ap", "amazonas": "am", "bahia": "ba", "ceara": "ce",
    "distritofederal": "df", "espiritosanto": "es", "goias": "go", "maranhao": "ma", "matogrosso": "mt",
    "matogrossodosul": "ms", "minasgerais": "mg", "para": "pa", "paraiba": "pb", "parana": "pr", "pernambuco": "pe",
    "piaui": "pi", "riodejaneiro": "rj", "riograndedonorte": "rn", "riograndedosul": "rs", "rondonia": "ro",
    "roraima": "rr", "santacatarina": "sc", "saopaulo": "sp", "sergipe": "se", "tocantins": "to",
}  # fmt: skip
_UFS = frozenset(_UF_NAMES.values())
_STATE_OF = re.compile(r"^estado d[aeo] ")
# " - RJ", "/RJ", ", RJ", "(RJ)" after a city; a bare dash only before capitals, so that "Miami-Dade" stays whole.
_UF_SUFFIX = re.compile(r"(?: - ?| ?[/,(] ?)([A-Za-z]{2})\)?$|-([A-Z]{2})$")
_ZIP_PLUS_4 = re.compile(r"([0-9]{5})-[0-9]{4}")
_COUNTRY_ALIASES = {
    "eua": "us", "estadosunidosdaamerica": "us", "unitedstatesofamerica": "us", "inglaterra": "gb", "england": "gb",
    "grabretanha": "gb", "greatbritain": "gb", "holanda": "nl", "holland": "nl", "republicafederativadobrasil": "br",
    "coreiadosul": "kr", "southkorea": "kr", "russia": "ru", "turkey": "tr", "czechrepublic": "cz",
}  # fmt: skip
# Two-letter codes in CLDR that ISO 3166-1 gives to no country.
_NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"})


def city_spellings(text: str | None) -> tuple[str, ...]:
    """Lower case, letters and digits only: with accents (``sãopaulo``), then without (``saopaulo``). A state goes."""
    city = clean(text, _LIMIT)
    suffix = _UF_SUFFIX.search(city)
    if suffix and (suffix[1] or suffix[2]).lower() in _UFS and suffix.start():
        city = city[: suffix.start()]
    return distinct(compact(lower(city)), compact(fold(city)))


def normalize_state(text: str | None) -> str | None:
    """The UF code for a Brazilian state however written (``sp``); other states in lower case, letters only."""
    state = clean(text, _LIMIT)
    folded = _STATE_OF.sub("", fold(state))
    name = compact(folded)
    if name in _UF_NAMES:
        return _UF_NAMES[name]
    words = (compact(part) for part in re.split(r"[-/,()]", folded))
    named = {_UF_NAMES.get(word, word) for word in words if word}
    codes = named & _UFS
    if len(codes) == 1 and named <= codes | {"br", "brasil", "brazil"}:
        return codes.pop()
    return "".join(char for char in lower(state) if char.isalpha()) or None


def zip_spellings(text: str | None, country: str | None = None) -> tuple[str, ...]:
    """The postal code in lower case without separators, then the shorter form other implementations send.

    ``01310-100`` gives ``01310100`` and ``01310``; a US code only its first five digits; a British one also area,
    district and sector. ``country`` is ISO alpha-2; a Brazilian code that lost its leading zero gets it back.
    """
    code = lower(clean(text, _ZIP_LIMIT))
    whole, home = compact(code), (country or "").strip().lower()
    if home == "br" and whole.isdecimal() and len(whole) == 7:
        whole = whole.zfill(8)
    if len(whole) < 2 or (len(whole) > 2 and len(set(whole)) == 1):  # 00000-000 stands for "none"
        return ()
    if home == "us" or _ZIP_PLUS_4.fullmatch(code):
        return (whole[:5],)
    if home == "gb":
        return distinct(whole, whole[:-2] if len(whole) > 4 else "")
    if len(whole) == 8 and whole.isdecimal():
        return distinct(whole, whole[:5])
    before_dash = compact(code.partition("-")[0])
    return distinct(whole, before_dash if len(before_dash) > 1 else "")


def normalize_country(text: str | None) -> str | None:
    """ISO 3166-1 alpha-2 in lower case from a code of two or three letters or a Portuguese or English name."""
    return _countries().get(compact(fold(clean(text, _LIMIT))))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Every known writing of a country, folded, and its code. Names and three-letter codes come from CLDR."""
    found = dict(_COUNTRY_ALIASES)
    for locale in ("en", "pt_BR", "pt_PT"):
        for code, name in Locale.parse(locale).territories.items():
            if len(code) == 2 and code not in _NO_COUNTRY:
                found.setdefault(compact(fold(name)), code.lower())
    codes = set(found.values())
    for alias, replacements in get_global("territory_aliases").items():
        if alias.isalpha() and len(replacements) == 1 and replacements[0].lower() in codes:
            found.setdefault(alias.lower(), replacements[0].lower())
    return found | {code: code for code in codes}
