"""A page's address as it is kept opens the same page, fits a plan, and tells nothing of a person or a login."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tracking_core.configuration.facts import Url
from tracking_core.kit.guarded.targets import UrlRefused, target_of
from tracking_core.landing.addresses import ADDRESS_LIMIT, kept_address, shown_address

PAGE = "https://shop.example/"


def _kept(url: str) -> str:
    return kept_address(target_of(url, frozenset()))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("page_id=12", "page_id=12"),
        ("page_id=12&utm_source=fb&fbclid=abc&ad_id=7&campaign.name=x&sck=1", "page_id=12"),
        ("p=1&a=&p=2&b", "p=1&a=&p=2&b"),
        ("email=ana%40loja.example&p=1&cpf=11144477735&next=ana@loja.example", "p=1"),
        ("token=t&access_token=t&api_key=t&apikey=t&PHPSESSID=t&sid=t&X-Amz-Signature=t&senha=t&p=1", "p=1"),
        ("a%75th=t&oauth_nonce=t&author=ana&side=left", "author=ana&side=left"),
        ("utm_source=fb", ""),
    ],
)
def test_of_a_query_what_decides_which_page_it_is_stays(query: str, kept: str) -> None:
    assert _kept(f"{PAGE}?{query}#top") == (f"{PAGE}?{kept}" if kept else PAGE)


def test_parameters_stay_whole_as_many_as_fit() -> None:
    assert _kept(f"{PAGE}?a={'x' * 900}&b={'y' * 900}&c={'z' * 900}") == f"{PAGE}?a={'x' * 900}&b={'y' * 900}"


@given(path=st.text(max_size=300), pairs=st.lists(st.tuples(st.text(max_size=40), st.text(max_size=400)), max_size=12))
def test_whatever_a_page_redirects_to_fits_a_plan_and_is_kept_as_it_is(path: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs)
    try:
        target = target_of(f"{PAGE}{path}?{query}", frozenset())
    except UrlRefused:
        return
    shown = TypeAdapter[str](Url).validate_python(shown_address(target))
    assert len(shown) <= ADDRESS_LIMIT
    assert shown_address(target_of(shown, frozenset())) == shown
    asked = parse_qsl(target.query, keep_blank_values=True)
    assert all(pair in asked for pair in parse_qsl(urlsplit(shown).query, keep_blank_values=True))
