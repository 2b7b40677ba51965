"""Customer-facing text: English msgids, one gettext catalogue per language under ``locale/``, pt-BR first."""

import gettext
import re
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

DEFAULT_LOCALE = "pt_BR"
LOCALES = (DEFAULT_LOCALE, "en")
_LANGUAGE = re.compile(r"(pt|en)(?:-[a-z0-9-]+)?(?:\s*;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?")
_LOCALES = Path(__file__).parent / "locale"


def translate(message: str, locale: str = DEFAULT_LOCALE) -> str:
    """The message in the language, or the msgid itself (English)."""
    return catalogue(locale).gettext(message)


def negotiate(accept_language: str | None) -> str:
    """``en`` when English is preferred to Portuguese (RFC 9110 weights, then order), else pt-BR."""
    weights: dict[str, float] = {}
    for item in (accept_language or "").lower().split(","):
        if said := _LANGUAGE.fullmatch(item.strip()):
            weights[said[1]] = max(float(said[2] or 1), weights.get(said[1], 0))
    best = max(weights, key=lambda language: weights[language], default=None)
    return "en" if best == "en" and weights["en"] else DEFAULT_LOCALE


@lru_cache(maxsize=8)
def catalogue(locale: str) -> gettext.NullTranslations:
    """Every message of the language; of one that has none, the msgids themselves."""
    # Compiled in memory, so that no built file can be stale or missing from a clone.
    path = _LOCALES / locale / "LC_MESSAGES" / "hub.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
