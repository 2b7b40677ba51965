"""Every word of the pages is in the catalogue: none is written into a template, none lacks its Portuguese."""

import io
import re
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.ext import babel_extract

from api.ui.rendering import TEMPLATES
from tracking_core.i18n import translate

_FUNCTIONS = ("_", "gettext", "ngettext")
# Names, signs and words that are the same in both languages.
_SAME = {
    "hub",
    "hotmart",
    "kiwify",
    "meta",
    "português",
    "english",
    "csv",
    "api",
    "id",
    "url",
    "pix",
    "status",
    "e-mail",
}
_TAG = re.compile(
    r"<(\w+)[^>]*\btranslate=\"no\"[^>]*>.*?</\1>|<script.*?</script>|<style.*?</style>|<!--.*?-->|<[^>]*>|&\w+;",
    re.DOTALL,
)
_TRANS = re.compile(r"{%-?\s*trans\b.*?endtrans\s*-?%}", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPOKEN = re.compile(r"""\b(?:aria-label|title|placeholder|alt)=(["'])([^"'{]*?)\1""")
TEMPLATE_FILES = sorted(TEMPLATES.rglob("*.html"))


def _named(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


def _msgids(path: Path) -> set[str]:
    found = babel_extract(io.BytesIO(path.read_bytes()), _FUNCTIONS, (), {})
    # Of a sentence with a plural the catalogue has one entry, under its singular.
    said = [message[0] if isinstance(message, tuple) else message for _, _, message, _ in found]
    return {one for one in said if one}


def _spoken(path: Path) -> str:
    """What a template itself says: its text and the attributes that are read out, without what it computes."""
    source = _TRANS.sub(" ", path.read_text())
    data = [value for _, kind, value in Environment().lex(source) if kind == "data"]
    text = "{}".join(data)
    return " ".join([_TAG.sub(" ", text), *(found[1] for found in _SPOKEN.findall(text))])


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=_named)
def test_every_message_has_its_portuguese(path: Path) -> None:
    missing = {one for one in _msgids(path) if translate(one) == one and one.lower() not in _SAME and _WORD.search(one)}
    assert not missing


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=_named)
def test_no_word_stands_outside_the_catalogue(path: Path) -> None:
    assert not {word for word in _WORD.findall(_spoken(path)) if word.lower() not in _SAME}
