"""The few elements of a page that matter, found in time that grows with the page's length only.

Lexbor builds the tree of a hostile page in quadratic time (2 MB of ``<div>`` took minutes), so what it is given is
flat: the start tags we look for, found by a scan, each closed at once and unable to open another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

TAGS_MAX = 10_000

_TAG_LIMIT = 8_192
_COMMENT = "!--"
_RAW = "style|textarea|title|xmp"
_WANTED = "script|a|area|form|iframe|img|base|link|button"
_OPENING = re.compile(rf"<!--|<({_RAW}|{_WANTED})(?=[\s/>])", re.IGNORECASE)
# To the tag's end; a ">" inside a quoted value is none. Possessive, so that nothing is tried twice.
_REST = re.compile(r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')|=)*+>""")
_SKIPPED = frozenset(_RAW.split("|"))
_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in (*_SKIPPED, "script")}


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag: ``name`` and attribute names in lower case, entities decoded."""

    name: str
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Markup:
    """``elements`` in the page's order, at most TAGS_MAX; ``inline`` is the text of its scripts."""

    elements: tuple[Element, ...]
    inline: str


def markup_of(html: str) -> Markup:
    """Never raises. Comments, and what stands in titles, styles and text areas, are not markup."""
    flat: list[str] = []
    inline: list[str] = []
    for name, rest, text in islice(_tags(html), TAGS_MAX):
        flat.append(f"<{name}{rest.replace('<', '&lt;')}</{name}>")
        inline.append(text)
    return Markup(_elements("".join(flat)), "\n".join(filter(None, inline)))


def _tags(html: str) -> Iterator[tuple[str, str, str]]:
    """Name, rest of the start tag, and the text inside for a script. Every step begins after what was looked at."""
    position = 0
    while found := _OPENING.search(html, position):
        name = (found[1] or _COMMENT).lower()
        rest = None if name == _COMMENT else _REST.match(html, found.end(), found.end() + _TAG_LIMIT)
        if rest is None:
            position = _after_comment(html, found) if name == _COMMENT else found.end() + _TAG_LIMIT
            continue
        text, position = _raw_text(name, html, rest.end())
        if name not in _SKIPPED:
            yield name, rest[0], text


def _after_comment(html: str, opening: re.Match[str]) -> int:
    """``<!-->`` is a whole comment; one that never ends takes the rest of the page."""
    end = html.find("-->", opening.start() + 2)
    return len(html) if end < 0 else end + 3


def _raw_text(name: str, html: str, start: int) -> tuple[str, int]:
    """What stands in an element whose inside is no markup, and where the page goes on; of any other, nothing."""
    if name not in _ENDS:
        return "", start
    end = _ENDS[name].search(html, start)
    return (html[start : end.start()], end.end()) if end else (html[start:], len(html))


def _elements(flat: str) -> tuple[Element, ...]:
    nodes = LexborHTMLParser(flat).css(_WANTED.replace("|", ",")) if flat else []
    return tuple(
        Element(node.tag or "", {name.lower(): value or "" for name, value in node.attributes.items()})
        for node in nodes
    )
