"""How an identifier may stand in a text or a column: as people write it, and hashed or encoded."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import quote

import phonenumbers
from phonenumbers import PhoneNumberFormat

from tracking_core.privacy.identifiers import Identifier, IdentifierKind

_FOLDED = frozenset({IdentifierKind.EMAIL, IdentifierKind.DOCUMENT})
# What is shorter, encoded, stands in random digits by chance.
_SHORTEST_ENCODED = 8
_PHONE_FORMATS = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966)


@dataclass(frozen=True, slots=True, repr=False)
class Forms:
    """``written`` are as people write it, ``pattern`` finds one as a whole word (a regular expression that PostgreSQL
    and Python read alike), ``hidden`` are digests and encodings, in lower case. A text is compared in lower case."""

    written: tuple[str, ...]
    pattern: str
    hidden: tuple[str, ...]


def forms_of(identifier: Identifier, *, derived: tuple[str, ...] = ()) -> Forms:
    """``derived`` are further digests (hex) or ids of the same person to be searched for."""
    written = tuple(dict.fromkeys(_written(identifier)))
    hidden = [*_digests(identifier), *_encoded(identifier.value), *derived]
    return Forms(written, _pattern(identifier.kind, written), tuple(dict.fromkeys(one.lower() for one in hidden)))


def _written(identifier: Identifier) -> list[str]:
    value = identifier.value
    match identifier.kind:
        case IdentifierKind.EMAIL:
            return [value, value.replace("@", "%40"), quote(value, safe="").lower()]
        case IdentifierKind.PHONE:
            return _phone_forms(value)
        case IdentifierKind.DOCUMENT:
            return [value.lower(), _punctuated(value).lower()]
        case _:
            return [value, quote(value, safe="")]


def _phone_forms(digits: str) -> list[str]:
    number = phonenumbers.parse(f"+{digits}")
    spoken = [phonenumbers.format_number(number, one).removeprefix("tel:") for one in _PHONE_FORMATS]
    national = phonenumbers.national_significant_number(number)
    spoken += [one.replace("(", "").replace(")", "") for one in spoken]
    return [digits, national, *(form for one in spoken for form in (one, one.replace("-", " "), one.replace("-", "")))]


def _punctuated(document: str) -> str:
    if len(document) == 11:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"


def _pattern(kind: IdentifierKind, written: tuple[str, ...]) -> str:
    """Whole words only: maria@example.com does not stand in anamaria@example.com.br, nor a phone in a longer number."""
    any_of = "|".join(re.escape(one).replace("/", r"\/") for one in sorted(written, key=len, reverse=True))
    folded = "(?i)" if kind in _FOLDED else ""
    match kind:
        case IdentifierKind.EMAIL:
            return rf"{folded}(?<![a-z0-9._+-])({any_of})(?![a-z0-9-]|\.[a-z])"
        case IdentifierKind.PHONE | IdentifierKind.DOCUMENT:
            return rf"{folded}(?<![0-9a-zA-Z])\+?(55)?({any_of})(?![0-9a-zA-Z])"
        case _:
            return rf"(?<![0-9a-zA-Z])({any_of})(?![0-9a-zA-Z])"


def _digests(identifier: Identifier) -> list[str]:
    """SHA-256 as hex (a bytea shows itself so), as hex of that hex (in bytes), in base64; the consent's subject."""
    digest, raw = identifier.digest, bytes.fromhex(identifier.digest)
    encoded = base64.b64encode(raw).decode().rstrip("=")
    subject = [str(identifier.subject), identifier.subject.hex] if identifier.subject else []
    return [digest, digest.encode().hex(), encoded, encoded.replace("+", "-").replace("/", "_"), *subject]


def _encoded(value: str) -> list[str]:
    """The clear value in hex and in base64, wherever in a longer text it began."""
    raw = value.encode()
    if len(raw) < _SHORTEST_ENCODED:
        return []
    found = [raw.hex()]
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        first = -(-lead * 8 // 6)
        last = (lead + len(raw)) * 8 // 6
        core = coded[first:last]
        found += [core, core.replace("+", "-").replace("/", "_")]
    return found
