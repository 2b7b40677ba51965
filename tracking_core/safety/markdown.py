"""Markdown that a model or a seller wrote, as HTML from an allow-list: no raw HTML, no images, few links."""

from collections.abc import Iterator
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tracking_core.safety.texts import bounded

MAX_CHARS: Final = 20_000
_LONGEST_ADDRESS = 200
_TAGS = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a"}
_REL = "noopener noreferrer nofollow"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1"})


def render(markdown: str, *, allowed_hosts: frozenset[str]) -> str:
    """HTML of paragraphs, emphasis, code, lists, quotes and links. A link leads by https (on this machine also http) to
    one of the hosts, ``name`` or ``name:port``; any other is shown as its text and its address. Of a longer text than
    ``MAX_CHARS`` the rest is cut."""
    tokens = [_allowed(token, allowed_hosts) for token in _parser().parse(bounded(markdown, MAX_CHARS))]
    return nh3.clean(
        _parser().renderer.render(tokens, _parser().options, {}),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"https", "http"},
        url_relative="deny",
        link_rel=_REL,
    )


@cache
def _parser() -> MarkdownIt:
    """Without images, and without entities: they would bring back the characters that ``bounded`` took out."""
    return MarkdownIt("commonmark", {"html": False}).disable(["image", "entity"])


def _allowed(token: Token, hosts: frozenset[str]) -> Token:
    if token.type in ("heading_open", "heading_close"):
        token.tag = "p"
    if token.children:
        token.children = list(_inline(token.children, hosts))
    return token


def _inline(tokens: list[Token], hosts: frozenset[str]) -> Iterator[Token]:
    refused: str | None = None
    shown = ""
    for token in tokens:
        shown += token.content
        if token.type == "link_open" and not _leads_to(address := str(token.attrGet("href") or ""), hosts):
            refused, shown = address, ""
        elif token.type == "link_close" and refused is not None:
            yield from [] if shown == refused or not refused else [_text(f" ({bounded(refused, _LONGEST_ADDRESS)})")]
            refused = None
        else:
            token.attrs.pop("title", None)
            yield token


def _leads_to(address: str, hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(address)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    known = (name in hosts and port is None) or f"{name}:{port}" in hosts
    return known and _is_plain(parts, name)


def _is_plain(parts: SplitResult, name: str) -> bool:
    return "@" not in parts.netloc and (parts.scheme == "https" or (parts.scheme == "http" and name in _THIS_MACHINE))


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
