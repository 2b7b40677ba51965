"""Page addresses as they are stored and told to Meta: without what their query says about a person. Pure."""

import re
from functools import lru_cache
from urllib.parse import unquote

from tracking_core.identity.documents import normalize_document
from tracking_core.identity.text import fold

URL_LIMIT = 4_096
PARAMETERS_MAX = 100
_PARTIAL_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")
_DECODINGS = 3

# Ids of campaigns look like phone numbers, and their names are nobody's.
_CAMPAIGN = re.compile(
    r"(?:utm|hsa|gad|ad|adset|adgroup|campaign|creative|placement)(?:[_.][\w.]+)?"
    r"|(?:ad|adset|adgroup|campaign|creative)(?:id|name)"
    r"|fbclid|gclid|dclid|gbraid|wbraid|ttclid|msclkid|twclid",
    re.ASCII,
)
_PERSONAL_WORD = re.compile(
    r"e-?mail|phone|telefone|celular|whats|cpf|passport|senha|passw|sobrenome|surname|nascimento|birth|endereco|address"
    r"|(?:first|middle|last|full|user|customer|buyer|lead|client|cliente|comprador|primeiro|ultimo)[^a-z]*(?:name|nome)"
    r"|nome[^a-z]*(?:completo|cliente|comprador)"
)
_PERSONAL_NAME = re.compile(
    r"name|nome|fname|lname|nick|apelido|tel|fone|cel|mobile|zap|wpp|rg|doc|document|documento|cep|zip|zipcode|postcode"
    r"|postalcode|rua|street|dob|login|mail|correo"
)
_NOT_LETTERS = re.compile(r"[^a-z]+")
_EMAIL = re.compile(r"[^\s@/?&=:;,<>]@[^\s@/?&=:;,<>]+\.[^\W\d_]{2,}")
_PIECES = re.compile(r"[?&;]")
_PUNCTUATION = str.maketrans("", "", " ()+-.")
_CPF_WRITTEN = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")
_PHONE_DIGITS = range(8, 18)
_BRAZILIAN_PHONE = re.compile(r"(?:(?:00)?55)?0?[1-9][1-9](?:9\d{8}|[2-5]\d{7})")
_LOCAL_PHONE = re.compile(r"(?:9\d{4}|[2-5]\d{3})-\d{4}")
_INTERNATIONAL_PHONE = re.compile(r"(?:[+ ]|00)[^\d]*[1-9].*")


def stored_address(url: str) -> str:
    """``without_personal_data``, spaces escaped, and no longer than URL_LIMIT.

    A cut address is for reading only: it is still longer than the 2,048 characters Meta takes, so it is never sent.
    """
    kept = "%20".join(without_personal_data(url).split())
    return kept if len(kept) <= URL_LIMIT else _PARTIAL_ESCAPE.sub("", kept[:URL_LIMIT])


def without_personal_data(url: str) -> str:
    """The address without fragment, credentials and the query parameters that look like personal data.

    A parameter goes when its name says so (``email``, ``telefone``, ``cpf``, ``name``...) or when its value holds an
    e-mail address or is a phone number or CPF, also inside an address it carries. Campaign parameters go only for an
    e-mail address. What stays keeps its place and its spelling; more than PARAMETERS_MAX are nobody's campaign, and
    the rest of them goes.
    """
    base, mark, query = url.partition("#")[0].partition("?")
    if "@" in base:
        base = _without_credentials(base)
    if not query:
        return base + mark
    kept = [pair for pair in query.split("&", PARAMETERS_MAX)[:PARAMETERS_MAX] if not _is_personal(pair)]
    return f"{base}?{'&'.join(kept)}" if kept else base


def holds_email(text: str) -> bool:
    """Whether an e-mail address stands in the text, percent-encoded or not."""
    return ("@" in text or "%" in text) and _EMAIL.search(_decoded(text)) is not None


def _without_credentials(base: str) -> str:
    scheme, separator, rest = base.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def _is_personal(pair: str) -> bool:
    text = _decoded(pair)
    if "@" in text and _EMAIL.search(text):
        return True
    if _is_campaign(pair.partition("=")[0]):
        return False
    return any(map(_says_personal, _PIECES.split(text)))


def _says_personal(piece: str) -> bool:
    name, is_named, value = piece.partition("=")
    return _is_personal_number(value if is_named else name) or bool(is_named and _is_personal_name(name))


@lru_cache(maxsize=512)
def _is_campaign(name: str) -> bool:
    return _CAMPAIGN.fullmatch(name) is not None


@lru_cache(maxsize=512)
def _is_personal_name(name: str) -> bool:
    plain = fold(name)
    return bool(_PERSONAL_NAME.fullmatch(_NOT_LETTERS.sub("", plain)) or _PERSONAL_WORD.search(plain))


def _is_personal_number(value: str) -> bool:
    if len(value) < _PHONE_DIGITS.start or value[0].isalpha():
        return False
    digits = value.translate(_PUNCTUATION)
    if len(digits) not in _PHONE_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    written = (_CPF_WRITTEN, _LOCAL_PHONE, _INTERNATIONAL_PHONE)
    if _BRAZILIAN_PHONE.fullmatch(digits) or any(form.fullmatch(value) for form in written):
        return True
    return len(digits) == 11 and normalize_document(digits) is not None


def _decoded(text: str) -> str:
    """Percent-decoded as often as addresses inside addresses need; the bound keeps a hostile one cheap."""
    for _ in range(_DECODINGS):
        if "%" not in text:
            break
        text = unquote(text)
    return text
