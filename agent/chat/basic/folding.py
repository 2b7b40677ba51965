"""A message as plain words: without case, accents, stretched letters and the usual abbreviations."""

import re
import unicodedata
from itertools import chain, filterfalse

from agent.chat.basic.bounds import WORDS_MAX, ends
from tracking_core.safety.patterns import REFERENCE

# A compatibility character may stand for eighteen; a Latin letter and its accents are three at most.
DECOMPOSED = 3
_SHORT_REFERENCE = re.compile(r"secret:\d++")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S++|(?<!\S)\S[^\s@]*+@\S++", re.IGNORECASE)
_STRETCHED = re.compile(r"([a-z])\1{2,}+")
_WORD = re.compile(r"[a-z0-9]++")
_CLAUSE = re.compile(r"[.,;:!?\n()]++")
_WRITTEN_SHORT = {
    "vc": "voce",
    "vcs": "voces",
    "q": "que",
    "oq": "o que",
    "oque": "o que",
    "pq": "por que",
    "porque": "por que",
    "porq": "por que",
    "eh": "e",
    "n": "nao",
    "num": "nao",
    "naum": "nao",
    "kd": "cade",
    "kade": "cade",
    "ond": "onde",
    "aonde": "onde",
    "tb": "tambem",
    "tbm": "tambem",
    "blz": "beleza",
    "vlw": "valeu",
    "flw": "valeu",
    "obg": "obrigado",
    "obgd": "obrigado",
    "brigado": "obrigado",
    "brigada": "obrigado",
    "pfv": "por favor",
    "pf": "por favor",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "ty": "thanks",
    "eae": "e ai",
    "eai": "e ai",
    "iae": "e ai",
    "ta": "esta",
    "tah": "esta",
    "pra": "para",
    "pro": "para",
    "p": "para",
    "cmg": "comigo",
    "qto": "quanto",
    "qt": "quanto",
    "qnt": "quanto",
    "cm": "como",
    "dnv": "de novo",
    "dnovo": "de novo",
    "denovo": "de novo",
    "msm": "mesmo",
    "td": "tudo",
    "hj": "hoje",
    "agr": "agora",
    "msg": "mensagem",
    "pag": "pagina",
    "facebok": "facebook",
    "face": "facebook",
    "fb": "facebook",
    "dont": "do not",
    "cant": "can not",
    "wanna": "want to",
    "whats": "what is",
    "wheres": "where is",
    "hows": "how is",
    "u": "you",
}


def folded(text: str) -> str:
    """Lower case without accents; what is no letter of either alphabet stays."""
    decomposed = ends(unicodedata.normalize("NFKD", text.replace("’", "'")), DECOMPOSED * len(text))
    plain = "".join(filterfalse(unicodedata.combining, decomposed)).casefold()
    return _STRETCHED.sub(r"\1", plain)


def words_of(text: str) -> tuple[str, ...]:
    """Without addresses and references to credentials."""
    return tuple(chain.from_iterable(clauses_of(text)))


def clauses_of(text: str) -> list[tuple[str, ...]]:
    """The words of each part between punctuation marks."""
    kept = _ADDRESS.sub(" ", _SHORT_REFERENCE.sub(" ", REFERENCE.sub(" ", ends(text, WORDS_MAX))))
    parts = _CLAUSE.split(folded(kept).replace("'", ""))
    return [words for part in parts if (words := _written_out(part))]


def _written_out(part: str) -> tuple[str, ...]:
    return tuple(word for one in _WORD.findall(part) for word in _WRITTEN_SHORT.get(one, one).split())
