"""No text, as a URL or as where a redirect leads, raises anything but a refusal or passes the rules."""

import ipaddress
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from tracking_core.kit.guarded.addresses import public_address
from tracking_core.kit.guarded.resolver import SystemResolver
from tracking_core.kit.guarded.targets import Target, UrlRefused, next_target, target_of

WORDS = "http:// https:// // / \\ @ : . [ ] % %2e ::1 127.0.0.1 0x7f localhost shop.example :80 :443 :22 ? #"
PIECES = st.sampled_from([*WORDS.split(" "), *"ßé。①", "xn--", "xn--a", " ", "\t", "\u00ad", "\u200d"])
URLS = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join))
HERE = Target("https", "shop.example", 443, "/a/b", "c=d")


def assert_allowed(target: Target) -> None:
    assert target.scheme in {"http", "https"}
    assert target.port in {80, 443}
    assert target.url.isascii()
    assert target.path.startswith("/")
    assert urlsplit(target.url).hostname == target.host
    assert target_of(target.url, frozenset()) == target
    try:
        ipaddress.ip_address(target.host)
    except ValueError:
        name, _dot, last = target.host.rpartition(".")
        assert name
        assert last[0].isalpha()
    else:
        assert public_address(target.host)


@given(URLS)
def test_a_url_is_refused_or_keeps_the_rules(url: str) -> None:
    try:
        target = target_of(url, frozenset())
    except UrlRefused:
        return
    assert_allowed(target)


@given(URLS)
def test_so_is_where_a_redirect_leads(location: str) -> None:
    try:
        target = next_target(HERE, location, frozenset())
    except UrlRefused:
        return
    assert_allowed(target)


@given(st.text(), st.binary(min_size=16, max_size=16))
def test_no_text_and_no_address_breaks_the_policy(text: str, packed: bytes) -> None:
    public_address(text)
    for address in (ipaddress.IPv6Address(packed), ipaddress.IPv4Address(packed[:4])):
        allowed = public_address(str(address))
        assert allowed is None or not (allowed.is_private or allowed.is_loopback or allowed.is_multicast)


async def test_the_machines_own_resolver_gives_addresses() -> None:
    assert set(await SystemResolver().resolve("localhost", 80)) & {"127.0.0.1", "::1"}
