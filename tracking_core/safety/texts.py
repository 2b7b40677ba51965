"""Untrusted text made harmless to show: visible characters only, and not too many."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import orjson

LIMIT: Final = 300
_ITEMS = 50
_DEPTH = 6
_ELLIPSIS = "…"
# Joiners and direction marks too: what a person sees must be what a model reads.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def bounded(text: str, limit: int = LIMIT) -> str:
    """Without control, direction and other invisible characters, at most ``limit`` long; a cut ends with an ellipsis.
    Line breaks and tabs stay."""
    few = text[: limit * 4 + 1]
    seen = few if few.isascii() and few.isprintable() else _seen(few)
    cut = len(seen) > limit or len(few) < len(text)
    return seen[: limit - 1].rstrip() + _ELLIPSIS if cut else seen


def untrusted(content: Mapping[str, Any], *, limit: int = LIMIT) -> str:
    """JSON for a model to read as data: ``{"untrusted": true, ...}`` with every string and key ``bounded``. Deeper than
    a few levels and beyond a few dozen items nothing is told."""
    return orjson.dumps({**_mapping(content, limit, _DEPTH), "untrusted": True}, option=orjson.OPT_SORT_KEYS).decode()


def _seen(text: str) -> str:
    text = _SELECTORS.sub("", text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n"))
    return "".join(char for char in text if char in "\n\t" or not _is_unseen(char))


def _is_unseen(char: str) -> bool:
    return char in _BLANKS or unicodedata.category(char) in _UNSEEN


def _mapping(content: Mapping[str, Any], limit: int, depth: int) -> dict[str, Any]:
    return {bounded(str(key), limit): _plain(content[key], limit, depth - 1) for key in list(content)[:_ITEMS]}


def _plain(value: Any, limit: int, depth: int) -> Any:
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and value.bit_length() < 64):
        return value
    if depth <= 0:
        return _ELLIPSIS
    if isinstance(value, Mapping):
        return _mapping(value, limit, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, limit, depth - 1) for item in list(value)[:_ITEMS]]
    return bounded(str(value), limit)
