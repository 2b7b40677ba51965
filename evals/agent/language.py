"""Which of the two languages a text is in, by its small words; and texts as they are compared, without case and
accents."""

import re
import unicodedata

from evals.agent.scenario import Locale, Told

_WORD = re.compile(r"[^\W\d_]+")
_WORDS_MIN = 5
_PORTUGUESE = """
a o e os as um uma de do da dos das em no na nos nas para por com que se nao voce seu sua mais como foi esta ser tem ja
ou quando aqui isso pode agora ainda plano falta verifique envie cole clique pela pelo ao
"""
_ENGLISH = """
the and of to in is are you your for with that this it be on as at from have has was were not can will or an if now
please check send paste click plan still what when here by do does
"""
_SMALL: dict[Locale, frozenset[str]] = {"pt_BR": frozenset(_PORTUGUESE.split()), "en": frozenset(_ENGLISH.split())}


def folded(text: str) -> str:
    """Lower case, without accents, with single spaces."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())


def is_told(fact: Told, text: str) -> bool:
    """Whether one of the fact's wordings stands in the text."""
    said = folded(text)
    return any(folded(one) in said for one in ([fact] if isinstance(fact, str) else fact))


def is_in(locale: Locale, text: str) -> bool:
    """A text of a few words, such as an address, is in any language."""
    words = _WORD.findall(folded(text))
    if len(words) < _WORDS_MIN:
        return True
    other: Locale = "en" if locale == "pt_BR" else "pt_BR"
    hits = {one: sum(word in _SMALL[one] for word in words) for one in (locale, other)}
    return hits[locale] >= hits[other] and hits[locale] > 0
