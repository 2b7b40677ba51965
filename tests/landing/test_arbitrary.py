"""Nothing a page can hold makes the reader raise, and none of its words come out of it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.landing.conftest import HUB, SCRIPT
from tracking_core.kit.guarded.targets import UrlRefused, target_of
from tracking_core.landing.markup import markup_of
from tracking_core.landing.page import read_page
from tracking_core.landing.redirects import kinds_of

WORDS = (
    "<script src= </script <a href= <form action= <base href= <!-- --> <title> </title> <iframe src= > /> ' \" = &amp;"
)
ADDRESSES = (
    "https:// // http://[ pay.hotmart.com /A?xcod= kiwify.app :99999 :x @ ? # % \\ fbq('init',' data-checkout= lgpd-"
)
PIECES = st.sampled_from([*WORDS.split(" "), *ADDRESSES.split(" "), SCRIPT, " ", "&#x;", "\n", "\x00"])
PAGES = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=30).map("".join))


@given(PAGES)
def test_any_text_is_read(html: str) -> None:
    page = read_page(html.encode(errors="surrogatepass"), url="https://shop.example/", hub_base_url=HUB)
    for link in page.checkouts:
        assert target_of(f"https://{link.host}/", frozenset()).host == link.host


@given(st.binary())
def test_any_bytes_are_read(body: bytes) -> None:
    read_page(body, url="https://shop.example/", hub_base_url=HUB)


@given(PAGES)
def test_no_element_is_made_up(html: str) -> None:
    found = markup_of(html)
    assert len(found.elements) <= html.count("<")
    assert all(
        one.name in {"script", "a", "area", "form", "iframe", "img", "base", "link", "button"} for one in found.elements
    )


@given(st.text(), st.text())
def test_any_two_addresses_are_compared(one: str, other: str) -> None:
    try:
        source, destination = (target_of(f"https://shop.example/{text}", frozenset()) for text in (one, other))
    except UrlRefused:
        return
    assert bool(kinds_of(source, destination)) == (source != destination)
