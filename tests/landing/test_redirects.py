import pytest

from tracking_core.kit.guarded.targets import target_of
from tracking_core.landing.redirects import UNEXPECTED, RedirectKind, is_same_site, kinds_of

EVERY_SITE = ["https", "www", "trailing_slash", "tracking_parameters"]
SHOP = "https://shop.example/a"


@pytest.mark.parametrize(
    ("source", "destination", "kinds"),
    [
        ("http://shop.example/a", SHOP, ["https"]),
        ("https://www.shop.example/a", SHOP, ["www"]),
        (SHOP, "https://www.shop.example/a", ["www"]),
        (SHOP, "https://shop.example/a/", ["trailing_slash"]),
        (SHOP, "https://shop.example/a?utm_source=x&fbclid=y&_gl=z", ["tracking_parameters"]),
        (SHOP + "?b=1", SHOP + "?b=1&sck=a", ["tracking_parameters"]),
        (SHOP + "?b=1", SHOP + "?utm_source=x", ["query"]),
        (SHOP, SHOP + "?variant=b", ["query"]),
        (SHOP, "https://shop.example/pt/a", ["path"]),
        (SHOP, "https://app.shop.example/a", ["subdomain"]),
        ("http://www.shop.example/a", "https://shop.example/a/?gclid=1", EVERY_SITE),
        (SHOP, "http://shop.example/a", ["downgrade"]),
        (SHOP, "https://shop.example.br/a", ["other_site"]),
        (SHOP, "https://other.example/a", ["other_site"]),
        ("https://one.com.br/", "https://two.com.br/", ["other_site"]),
        ("https://one.myshopify.com/", "https://two.myshopify.com/", ["other_site"]),
        (SHOP, "https://8.8.4.4/a", ["other_site"]),
        (SHOP, "https://shop.example/login?next=/a", ["path", "query", "login"]),
        (SHOP, "https://accounts.shop.example/a", ["subdomain", "login"]),
        ("https://shop.example/login", "https://shop.example/login/", ["trailing_slash"]),
        (SHOP, "https://shop.example/loginho", ["path"]),
    ],
)
def test_what_changed_is_named(source: str, destination: str, kinds: list[str]) -> None:
    found = kinds_of(target_of(source, frozenset()), target_of(destination, frozenset()))
    assert [kind.value for kind in found] == kinds


def test_another_port_is_another_site() -> None:
    trusted = frozenset({"http://127.0.0.1:1", "http://127.0.0.1:2"})
    one, other = (target_of(f"http://127.0.0.1:{port}/", trusted) for port in (1, 2))
    assert kinds_of(one, other) == (RedirectKind.OTHER_SITE,)


def test_brazilian_suffixes_and_platforms_are_no_sites() -> None:
    assert is_same_site("a.loja.com.br", "www.loja.com.br")
    assert not is_same_site("loja.com.br", "outra.com.br")
    assert is_same_site("com.br", "com.br")


def test_what_a_seller_should_know_of_is_unexpected() -> None:
    assert {kind.value for kind in UNEXPECTED} == {"downgrade", "login", "other_site"}
