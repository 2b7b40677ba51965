"""What credentials look like, as data. Shapes come from the vendors' documents, from secret scanners and from samples
in documents, not from real credentials: a new sample belongs here and into tests/safety.

Every pattern reads each character a bounded number of times, whatever the text: it takes what it read (possessive
quantifiers) and is judged afterwards, or it is bounded.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tracking_core.models import SecretKind

MASK: Final = "***"
MAX_CHARS: Final = 200_000  # what stands after that is not read, so it is taken for a secret

# Begins after no letter or digit, but also after a URL's ``%3D``, a quoted ``\n`` and a ``token`` written close to it.
_LEFT = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-F]{2})|(?<=\\[nrt])|(?<=[Tt]oken))"


class Proof(StrEnum):
    """What a run must show besides its beginning and its length: ordinary words begin like that too."""

    NONE = "none"
    MADE = "made"  # a digit, or the letters of no word
    DOTTED = "dotted"  # a JWT has parts


@dataclass(frozen=True, slots=True)
class Shape:
    """The last group is the credential, all of the match when there is none. ``wraps`` are the characters of a line
    that it goes on in; ``shortest`` counts all of them. Only a text whose lower case has one of ``hints`` is read."""

    rule: str
    kind: SecretKind
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    shortest: int
    proof: Proof = Proof.NONE
    wraps: str = ""


def _shape(
    rule: str,
    hints: str,
    pattern: str,
    shortest: int,
    *,
    kind: SecretKind = SecretKind.UNKNOWN,
    proof: Proof = Proof.NONE,
    wraps: str = "",
) -> Shape:
    return Shape(rule, kind, tuple(hints.split()), re.compile(pattern), shortest, proof, wraps)


# The first of two that begin at the same place counts.
SHAPES: Final = (
    _shape(
        "meta_token", "eaa", _LEFT + r"EAA[\w-]{5,}+", 43, kind=SecretKind.META_ACCESS_TOKEN, wraps=r"[A-Za-z0-9_-]"
    ),
    _shape("jwt", "eyj", _LEFT + r"eyJ[\w-]{8,}+(?:\.[\w-]{4,}+)*+", 40, proof=Proof.DOTTED, wraps=r"[A-Za-z0-9_.-]"),
    _shape("hub_key", "sk_hub_", _LEFT + r"sk_hub_[\w-]{4,}+", 11),
    _shape("key", "sk- sk_ rk- rk_", _LEFT + r"(?:sk|rk)[-_][\w-]{16,}+", 19, proof=Proof.MADE),
    _shape(
        "key",
        "ghp_ gho_ ghu_ ghs_ ghr_ akia aiza xox",
        _LEFT + r"(?:gh[pousr]_\w{30,}+|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}+|xox[abprs]-[\w-]{10,}+)",
        15,
    ),
    _shape("key", "app_usr- gocspx-", _LEFT + r"(?:APP_USR-[\w-]{20,}+|GOCSPX-[\w-]{20,}+)", 27),
    _shape(
        "private_key",
        "private key",
        r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\w+/=\s]*+(?:-----END [A-Z ]{0,30}KEY-----)?",
        30,
    ),
    _shape(
        "basic",
        "basic",
        r"(?i:(?<![a-z])basic)(?:%20|[\s:=\"'`*]){1,8}([A-Za-z0-9+/]{16,}+={0,2})",
        24,
        kind=SecretKind.GATEWAY_BASIC,
        proof=Proof.MADE,
        wraps=r"[A-Za-z0-9+/=]",
    ),
    _shape(
        "basic",
        "basic",
        r"(?i:authorization)[\s:=\"'`\\]{1,8}(?i:basic)\s{1,4}([A-Za-z0-9+/]{8,}+={0,2})",
        8,
        kind=SecretKind.GATEWAY_BASIC,
    ),
    _shape(
        "bearer",
        "bearer",
        r"(?i:(?<![a-z])bearer)(?:%20|[\s:=\"'`*]){1,8}([\w.~+/-]{12,}+={0,2})",
        12,
        proof=Proof.MADE,
        wraps=r"[A-Za-z0-9_.~+/-]",
    ),
    _shape("url_password", "://", r"://[^/\s:@]{0,200}:([^@\s/]{1,200})@", 1),
)
# After all labels: long hex is often a digest, and no business of a log.
LESSER_SHAPES: Final = (_shape("hex", "", r"(?<![A-Za-z0-9])(?<!sha256:)[0-9a-fA-F]{40,}+(?![A-Za-z0-9])", 40),)
# curl -u id:secret
USER_AND_PASSWORD: Final = re.compile(r"(?<!\S)(?:-u|--user)[ =]{1,2}[\"']?([^\s:\"']{3,200}):([^\s\"']{3,200})")

# Ours, already in place of a credential: an identifier of version 7 (kit.ids), or a number in what a model reads. A
# vendor's secret after the word "secret:" is a UUID of version 4.
REFERENCE: Final = re.compile(
    r"(?<![\w-])(?<!client )(?<!app )(?<!webhook )"
    r"secret:(?:[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9]{1,3})(?![\w-])"
)

UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
# A UUID, or what nobody would write as a word: looked at when a label stands near.
NEARBY: Final = re.compile(rf"(?<![0-9A-Za-z]){UUID}(?![0-9A-Za-z])|(?<![\w-])(?:(?!_?{UUID})[\w-]){{20,}}+")
NEAR_CHARS: Final = 40
CONTEXT_CHARS: Final = 60

# What a label may be followed by and still name no credential, and what looks made and is public.
HARMLESS: Final = re.compile(
    r"\d{13,19}|(?i:hp)\d{6,}\w*|(?i:act_\d+|TEST\d{1,8}|(?:G|UA|GTM|AW)-[\w-]{4,})"
    r"|v?\d{1,3}(?:\.\d{1,4}){1,3}|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}(?:T[\d:.Z+-]+)?"
    r"|https?|www\..*|[\w.+-]+@[\w.-]+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?!\d)[a-z]{2,10}(?:/.*)?"
    r"|wk_hub_[\w-]+|\+?\(?\d{2}\)?[\d-]{8,12}|\d+(?:px|ms|min|dias?|days?|horas?|hours?|reais)"
)
PLACEHOLDER: Final = re.compile(
    r"(?i:[x*.•_-]{3,}|null|none|nil|true|false|undefined|string|redacted|masked|example|exemplo"
    r"|(?:your|seu|sua|meu|minha|my|the|insira|cole|paste)[-_].*)|\$.*|%[sd]|\*.*|…"
)
# Said of a credential after a colon, and no credential.
SAID_OF_IT: Final = re.compile(
    r"(?i:n[aã]o|sim|yes|qual|quais|onde|como|quando|what|where|how|obrigat.*|inv[aá]lid.*|v[aá]lid.*|incorre.*|errad.*"
    r"|wrong|expir.*|venc.*|required|missing|faltan.*|falta|vazi[oa]|empty|ausente|aguard.*|pend.*|desconhecid.*|unknown"
    r"|configurad.*|receb.*|received|proteg.*|protected|guardad.*|saved|salv[oa]|colad[oa]|recusad.*|refused|revogad.*"
    r"|revoked|hotmart|kiwify|facebook|meta|bearer|basic|texto|text|client|token|senha|secret[oa]?|segredo|aqui|here"
    r"|ok|pronto|done|feito|esquec.*|forgot.*|alterad.*|trocad.*|changed|obrigad[oa]|password|unauthorized|forbidden)"
)

# Between messages: "parte 2:", "continua", "2/2".
GOES_ON: Final = re.compile(
    r"\s*+(?:(?i:parte|part|continua(?:ndo|[cç][aã]o)?|o resto|resto|restante|the rest|rest|e|and)\s*+)?"
    r"(?:\(?\d{1,2}(?:/\d{1,2})?\)?(?=\s*[:)\s-]\s*\S{8}))?(?:[\s:.…)]|-(?=\s))*+"
)
