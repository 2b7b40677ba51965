"""The words of a message as HTML: nothing in it runs, and a saved credential is named, never written."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from tracking_core.models import MessageRole, SecretKind, SetupMessage
from tracking_core.safety.markdown import MAX_CHARS, render
from tracking_core.safety.patterns import REFERENCE
from tracking_core.safety.texts import bounded
from tracking_core.secrets.wording import saved
from tracking_core.settings import get_settings

_CHIP = Markup('<span class="chat-chip">{}</span>')
_TAG = re.compile(r"(<[^>]*>)")
# People write plain text; our sentences and the assistant's are Markdown.
_PLAIN = frozenset({MessageRole.SELLER, MessageRole.SUPPORT})


def html_of(message: SetupMessage, kinds: Mapping[str, SecretKind], locale: str) -> Markup:
    """``kinds`` of what the references in it stand for, as far as they are known."""
    if message.role in _PLAIN:
        pieces: Iterable[str | Markup] = [bounded(message.text, MAX_CHARS)]
    else:
        # Its output is of an allow-list, and in no address of it stands a sign that ends a tag.
        rendered = render(message.text, allowed_hosts=_hosts())
        pieces = [Markup(piece) for piece in _TAG.split(rendered)]  # noqa: S704
    return Markup().join(part for piece in pieces for part in _with_chips(piece, kinds, locale))


def _with_chips(piece: str | Markup, kinds: Mapping[str, SecretKind], locale: str) -> Iterator[Markup]:
    """A tag holds no reference that is text."""
    is_tag = isinstance(piece, Markup) and piece.startswith("<")
    at = 0
    for found in () if is_tag else REFERENCE.finditer(piece):
        yield escape(piece[at : found.start()])
        yield _CHIP.format(saved(kinds.get(found[0]), locale))
        at = found.end()
    yield escape(piece[at:])


def _hosts() -> frozenset[str]:
    """Only we are led to."""
    return frozenset({urlsplit(get_settings().base_url).netloc})
