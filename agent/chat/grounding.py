"""A value that a model passes on must be one that the seller wrote: nothing read elsewhere and nothing invented."""

import re
import unicodedata
from collections.abc import Iterable

_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_TRAILING = "/.,;:!?)\"'"


def is_said(value: str, said: Iterable[str]) -> bool:
    """Whether the value stands whole in what was said, whatever the case; an address also without its scheme."""
    wanted = _folded(_SCHEME.sub("", value)).rstrip(_TRAILING)
    if not wanted:
        return False
    whole = re.compile(rf"(?<![\w.-]){re.escape(wanted)}(?![\w-]|[./?#&=]\w)")
    return any(whole.search(_folded(text)) for text in said)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
