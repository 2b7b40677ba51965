"""What may stand in a case file: scanned first, then cut, so that no half of a credential slips through."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tracking_core.i18n import DEFAULT_LOCALE
from tracking_core.identity.text import visible
from tracking_core.models import SecretKind
from tracking_core.safety.scanner import mask
from tracking_core.secrets.wording import saved

SENTENCE, QUOTE = 300, 500
_KEY, _ITEMS, _DEPTH = 64, 20, 3
# Read this far and no farther: nobody writes a credential behind ten pages of text.
_SCANNED = 20_000
_REFERENCE = re.compile(r"secret:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLAIN = (int, float, type(None))
_NONE: Mapping[str, SecretKind] = MappingProxyType({})


def said(
    text: str, limit: int = SENTENCE, *, kinds: Mapping[str, SecretKind] = _NONE, locale: str = DEFAULT_LOCALE
) -> str:
    """The text on as many lines as it has, without invisible characters, masked, at most ``limit`` characters. What
    stands for a credential is named, by its kind where ``kinds`` has it."""
    lines = (visible(line.replace("\t", " ")).strip() for line in text[:_SCANNED].splitlines())
    clean = mask(named("\n".join(line for line in lines if line), kinds, locale))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def named(text: str, kinds: Mapping[str, SecretKind], locale: str = DEFAULT_LOCALE) -> str:
    return _REFERENCE.sub(lambda found: f"[{saved(kinds.get(found[0]), locale)}]", text)


def small(value: Any, depth: int = _DEPTH) -> Any:
    """The same JSON with every text as ``said`` and no more entries and levels than a person reads."""
    if isinstance(value, Mapping):
        entries = list(value.items())[:_ITEMS] if depth else []
        return {said(str(key), _KEY): small(item, depth - 1) for key, item in entries}
    if isinstance(value, list | tuple):
        return [small(item, depth - 1) for item in value[:_ITEMS]] if depth else []
    return value if isinstance(value, _PLAIN) else said(str(value))
