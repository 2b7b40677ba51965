"""Nobody but a trusted proxy can say who the visitor is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking_core.collector.client_ip import client_ip

TRUSTED = ("10.0.0.0/8", "fd00::/8", "127.0.0.1")


@given(st.ip_addresses().map(str), st.text(max_size=60))
def test_the_header_of_a_stranger_is_ignored_whatever_it_says(peer: str, header: str) -> None:
    assert client_ip(peer, header, ()) == client_ip(peer, None, ())


@given(st.lists(st.text(st.characters(exclude_characters=","), max_size=20), max_size=5))
def test_what_the_visitor_wrote_before_the_proxy_never_counts(spoofed: list[str]) -> None:
    assert client_ip("10.0.0.9", ",".join([*spoofed, "198.51.100.1"]), TRUSTED) == "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "header", "visitor"),
    [
        (None, "198.51.100.1", None),
        ("testclient", "198.51.100.1", None),
        ("10.0.0.9", None, "10.0.0.9"),
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "10.0.0.8, 10.0.0.7", "10.0.0.8"),
        ("10.0.0.9", "198.51.100.1, unknown", "10.0.0.9"),
        ("10.0.0.9", "198.51.100.1, unknown, 10.0.0.8", "10.0.0.8"),
        ("::ffff:10.0.0.9", " 198.51.100.1 ", "198.51.100.1"),
        ("fd00::1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("fe80::1%eth0", "198.51.100.1", "fe80::1"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_of_ours(
    peer: str | None, header: str | None, visitor: str | None
) -> None:
    assert client_ip(peer, header, TRUSTED) == visitor
