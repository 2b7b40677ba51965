"""Whether what stands after a label is a credential, and whose."""

import re
from dataclasses import dataclass

from tracking_core.models import SecretKind
from tracking_core.safety.labels import GENERIC, PATTERN, Label
from tracking_core.safety.patterns import PLACEHOLDER, SAID_OF_IT
from tracking_core.safety.shapes import is_harmless, is_made, is_whole

_SHORTEST = 4
_STRONG_CHARS = 10
_SLUG = re.compile(r"[A-Za-z0-9]{3,}(?:[-_][A-Za-z0-9]{3,})+")
_HEX32 = re.compile(r"[0-9a-fA-F]{32}")
_HEX64 = re.compile(r"[0-9a-fA-F]{64}")
_META = re.compile(r"(?i:meta|facebook|pixel|capi|aplicativo|\bapp\b)")
_GATEWAY = re.compile(r"(?i:hotmart|kiwify|gateway|client)")
_WEBHOOK = re.compile(r"(?i:hottok|webhook|postback|kiwify|hotmart)")
_META_TOKEN = re.compile(r"EAA[\w-]{8,}")
_NAMES = frozenset(SecretKind)
_KINDS = {
    Label.CLIENT_ID: SecretKind.GATEWAY_CLIENT_ID,
    Label.CLIENT_SECRET: SecretKind.GATEWAY_CLIENT_SECRET,
    Label.WEBHOOK_SECRET: SecretKind.WEBHOOK_SECRET,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a value stands to its label: ``signed`` by a colon or the like, ``tight`` as programs write it."""

    signed: bool
    tight: bool


def is_value(value: str, label: Label, manner: Manner) -> bool:
    if len(value) < _SHORTEST or PLACEHOLDER.fullmatch(value) or value in _NAMES or PATTERN.fullmatch(value):
        return False
    if label is Label.PASSWORD:
        return _is_password(value, manner)
    if is_harmless(value):
        return False
    if value.isdigit():
        return manner.signed and label in GENERIC | {Label.WEBHOOK_SECRET}
    if _is_strong(value) or (label not in GENERIC and _is_slug(value, 3)):
        return True
    return manner.signed and _is_signed_value(value, label, manner)


def _is_signed_value(value: str, label: Label, manner: Manner) -> bool:
    if is_made(value) or (label not in GENERIC and _is_slug(value, 2)):
        return True
    return manner.tight and label not in GENERIC and not SAID_OF_IT.fullmatch(value)


def _is_password(value: str, manner: Manner) -> bool:
    """Any word can be one; without a sign it must not look like the next word of a sentence."""
    if SAID_OF_IT.fullmatch(value):
        return False
    if manner.signed:
        return True
    return len(value) >= 6 and any(char.isdigit() for char in value) and not is_harmless(value)


def is_striking(run: str) -> bool:
    """Worth a look when a label stands near: a UUID, long hex, or a mix that nobody writes."""
    mixed = any(map(str.isdigit, run)) and any(map(str.islower, run)) and any(map(str.isupper, run))
    return is_whole(run) or (mixed and not is_harmless(run))


def kind_of(label: Label, value: str, context: str) -> SecretKind:
    """``context`` is what stands before the value: whose credential a bare "token" is."""
    if _META_TOKEN.fullmatch(value):
        return SecretKind.META_ACCESS_TOKEN
    if label in _KINDS:
        return _KINDS[label]
    if label in (Label.APP_SECRET, Label.SECRET) and _HEX32.fullmatch(value):
        ours = label is Label.APP_SECRET or (_META.search(context) or not _GATEWAY.search(context))
        return SecretKind.META_APP_SECRET if ours else SecretKind.GATEWAY_CLIENT_SECRET
    if label is Label.SECRET:
        return _kind_of_a_secret(value, context)
    if label is Label.TOKEN and _WEBHOOK.search(context):
        return SecretKind.WEBHOOK_SECRET
    return SecretKind.UNKNOWN


def _kind_of_a_secret(value: str, context: str) -> SecretKind:
    if _WEBHOOK.search(context) and "webhook" in context.lower():
        return SecretKind.WEBHOOK_SECRET
    gateway = _GATEWAY.search(context) or _HEX64.fullmatch(value) or is_whole(value)
    return SecretKind.GATEWAY_CLIENT_SECRET if gateway else SecretKind.UNKNOWN


def _is_strong(value: str) -> bool:
    return is_whole(value) or (len(value) >= _STRONG_CHARS and is_made(value)) or bool(_META_TOKEN.fullmatch(value))


def _is_slug(value: str, parts: int) -> bool:
    """``demo-kiwify-client``, but no ``passo-a-passo`` and no ``NAME_OF_A_SETTING``."""
    if not _SLUG.fullmatch(value) or value.isupper() or SAID_OF_IT.fullmatch(value):
        return False
    return len(re.split(r"[-_]", value)) >= parts
