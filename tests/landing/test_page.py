"""What is seen on a page, and what is not."""

from pathlib import Path
from typing import Any

import pytest

from tests.landing.conftest import HUB, KEY, SCRIPT
from tracking_core.landing.markup import TAGS_MAX, markup_of
from tracking_core.landing.page import Page, read_page
from tracking_core.landing.trackers import ConsentVendor, Tracker

URL = "https://shop.example/curso/"
HERE = f'<script async src="{SCRIPT}"></script>'


def read(html: str, url: str = URL) -> Page:
    return read_page(html.encode(), url=url, hub_base_url=HUB)


@pytest.mark.parametrize(
    "html",
    [
        HERE,
        HERE.upper().replace(SCRIPT.upper(), SCRIPT),
        f"<script async src='{SCRIPT}' data-checkout='pay.x.example'/>",
        f"<script src={SCRIPT} async>",
        f'<script data-note="a > b" src="{SCRIPT}"></script>',
        f"<script title=it's src={SCRIPT}></script>",
        f'<script src="//hub.example/t.js?key={KEY}"></script>',
        f'<script src="{SCRIPT.replace("=", "&#61;")}"></script>',
        f'<script src="{HUB}/t.js?v=2&amp;key={KEY}"></script>',
        f'<base href="{HUB}/x/"><script src="/t.js?key={KEY}"></script>',
        f"<!-- --><title>a</title><style>b</style>{HERE}",
        f"<!-->{HERE}-->",
        f"<div>{'<p>' * 50}{HERE}",
    ],
)
def test_our_tag_is_found_as_a_browser_finds_it(html: str) -> None:
    tags = [tag for tag in read(html).tags if tag.is_ours]
    assert [(tag.key, tag.is_insecure, tag.is_delayed) for tag in tags] == [(KEY, False, False)]


@pytest.mark.parametrize(
    "html",
    [
        "",
        f"<!-- {HERE} -->",
        f"<!-- {HERE}",
        f"<title>{HERE}</title>",
        f"<textarea>{HERE}",
        f"<style>{HERE}</style>",
        f"<script>var a = '{HERE}';",
        f"<p>{SCRIPT}</p>",
        f"&lt;script src={SCRIPT}&gt;",
        f'<a href="{SCRIPT}">x</a>',
        f"<scripts src={SCRIPT}></scripts>",
        f'<script src="{HUB}/other/t.js?key={KEY}x y"></script>',
        f'<script src="{SCRIPT}"',
        '<script src="http://[/t.js?key=a"></script>',
    ],
)
def test_what_is_no_tag_is_none(html: str) -> None:
    assert not any(tag.is_ours for tag in read(html).tags)


def test_the_tag_says_how_it_is_set() -> None:
    tag = read(
        f'<script src="{SCRIPT}" data-consent="required" data-checkout="Pay.A.example, b.example"></script>'
    ).tags[0]
    assert (tag.waits_for_consent, tag.checkout_hosts) == (True, ("pay.a.example", "b.example"))
    assert KEY not in repr(tag)


def test_a_tag_a_browser_blocks_or_a_plugin_holds_back() -> None:
    assert read(HERE.replace("https:", "http:")).tags[0].is_insecure
    assert not read(HERE.replace("https:", "http:"), "http://shop.example/").tags[0].is_insecure
    held = read(f'<script type="litespeed/javascript" data-src="{SCRIPT}"></script>').tags[0]
    assert (held.is_ours, held.is_delayed) == (True, True)


def test_a_tag_of_another_hub_and_one_without_a_key() -> None:
    other = read(HERE.replace("hub.example", "old-hub.example")).tags[0]
    assert (other.is_ours, other.key) == (False, KEY)
    for query in ("", "?key=", "?key=a%20b", "?KEY=x", "?key=" + "a" * 300):
        assert [(tag.is_ours, tag.key) for tag in read(f'<script src="{HUB}/t.js{query}"></script>').tags] == [
            (True, "")
        ]


def test_the_pixels_of_a_page() -> None:
    html = (
        "<script>fbq('init', '111111111111111');fbq( \"init\" , \"2222222222222222\" )</script>"
        "<script>fbq('init',333333333333333)</script>"
        "<script>fbq(\\'init\\', \\'444444444444444\\')</script>"
        '<noscript><img src="https://www.facebook.com/tr?ev=PageView&amp;id=555555555555555&noscript=1"></noscript>'
        '<script>var pysOptions={"facebook":{"pixelIds":["666666666666666"]}}</script>'
        "<!-- <script>fbq('init','777777777777777')</script> -->"
        "<p>fbq('init','888888888888888')</p><script>fbq('init','12345');fbq('init','12345678901234567')</script>"
        "<script>fbq('init','111111111111111')</script>"
    )
    page = read(html)
    assert sorted(page.pixel_ids) == [str(n) * (16 if n == 2 else 15) for n in range(1, 7)]
    assert page.trackers == (Tracker.META_PIXEL,)


def test_no_more_than_ten_pixels_are_told() -> None:
    assert len(read("".join(f"<script>fbq('init','{n:015}')</script>" for n in range(50))).pixel_ids) == 10


@pytest.mark.parametrize(
    ("html", "tracker"),
    [
        ("<script src='https://www.googletagmanager.com/gtm.js?id=GTM-ABC123'></script>", Tracker.GOOGLE_TAG_MANAGER),
        ("<script>(window,document,'script','dataLayer','GTM-ABC123')</script>", Tracker.GOOGLE_TAG_MANAGER),
        ("<script src='https://www.googletagmanager.com/gtag/js?id=G-ABC123'></script>", Tracker.GOOGLE_ANALYTICS),
        ("<script>gtag('config','AW-123456789')</script>", Tracker.GOOGLE_ADS),
        ("<script>ttq.load('X');ttq.page()</script>", Tracker.TIKTOK),
        ("<script>f.src='https://static.hotjar.com/c/x.js'</script>", Tracker.HOTJAR),
        ("<script src='https://cdn.utmify.com.br/scripts/utms/latest.js'></script>", Tracker.UTMIFY),
    ],
)
def test_other_trackers(html: str, tracker: Tracker) -> None:
    assert read(html).trackers == (tracker,)
    assert read(f"<!-- {html} --><p>{html.replace('<', '&lt;')}</p>").trackers == ()


def test_a_link_to_a_tracker_is_no_tracker() -> None:
    assert read('<a href="https://connect.facebook.net/x">a</a><a href="https://onetrust.com/">b</a>').trackers == ()


@pytest.mark.parametrize(
    ("html", "vendor"),
    [
        ("<script src='https://tag.goadopt.io/injector.js?website_code=x'></script>", ConsentVendor.ADOPT),
        ("<script src='https://cdn.cookielaw.org/scripttemplates/otSDKStub.js'></script>", ConsentVendor.ONETRUST),
        ("<link rel=stylesheet href='/wp-content/plugins/complianz-gdpr/a.css'>", ConsentVendor.COMPLIANZ),
        ("<div class='aviso lgpd-banner'>x</div>", ConsentVendor.OTHER),
        ("<section id=cookie-notice>x</section>", ConsentVendor.OTHER),
        ("<p>Our cookie-notice and lgpd-banner</p>", None),
        ("<p>class</p>", None),
    ],
)
def test_consent_banners(html: str, vendor: ConsentVendor | None) -> None:
    assert read(html).consent_vendor is vendor


HOSTILE: dict[str, str] = {
    "depth": "<div>" * 400_000,
    "formatting": "".join(f"<font size={n}><p>" for n in range(100_000)),
    "quotes": "<a ='" * 400_000,
    "double quotes": '<a ="' * 400_000,
    "no end": "<a " * 600_000,
    "equals": "<a" + "=" * 2_000_000,
    "spaces": "<script src =" + " " * 2_000_000,
    "less than": "<" * 2_000_000,
    "comments": "<!--" * 500_000,
    "scripts": "<script>" * 250_000,
    "half ended scripts": "<script>x</script " * 110_000,
    "links": "<a href=https://pay.hotmart.com/X>x</a>" * 50_000,
    "banner words": "lgpd-banner " * 160_000,
    "pixel calls": "<script>" + "fbq ( " * 330_000,
    "checkout calls": "<script>" + "https://pay.hotmart.com/" * 80_000,
    "attributes": ("<a " + "".join(f" a{n}=1" for n in range(1_800)) + ">") * 150,
    "tags inside a tag": ('<a ="' + "<div>" * 1_500 + '">') * 270,
    "base": "<base href='http://['>" * 90_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_page_is_read_within_the_time_of_a_long_one(kind: str) -> None:
    """Two megabytes each; a reader that is quadratic in any of these never comes back before the suite's timeout."""
    page = read(HOSTILE[kind])
    assert len(page.checkouts) <= 20
    assert len(markup_of(HOSTILE[kind]).elements) <= TAGS_MAX


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe<\x00", b"\xfe\xff", b"\x00" * 1_000, b"\xff" * 1_000, "<script>é".encode("latin-1")]
)
def test_bytes_that_are_no_text(body: bytes) -> None:
    assert read_page(body, url=URL, hub_base_url=HUB).tags == ()


def test_a_page_in_utf_16() -> None:
    assert read_page(HERE.encode("utf-16"), url=URL, hub_base_url=HUB).tags[0].key == KEY


def checkouts(html: str) -> list[tuple[Any, ...]]:
    page = read(html)
    return [(link.host, link.gateway, link.path_class, link.parameter, n) for link, n in page.checkouts.items()]


def test_every_way_to_a_checkout() -> None:
    html = (
        "<a href=https://pay.hotmart.com/A1?off=x>1</a><a href='https://pay.hotmart.com/B2'>2</a>"
        "<form action=https://pay.kiwify.com.br/C3><button formaction='https://go.hotmart.com/D4'></button></form>"
        "<iframe src=https://pay.hotmart.com/E5></iframe>"
        "<button onclick=\"window.open('https://pay.kiwify.com.br/F6')\">x</button>"
        "<script>const to='https:\\/\\/go.hotmart.com\\/G7'</script>"
        "<a href='//kiwify.app/H8'>3</a>"
    )
    assert checkouts(html) == [
        ("pay.hotmart.com", "hotmart", "product", "xcod", 2),
        ("pay.kiwify.com.br", "kiwify", "product", None, 2),
        ("go.hotmart.com", "hotmart", "hotlink", None, 2),
        ("pay.hotmart.com", "hotmart", "product", None, 1),
        ("kiwify.app", "kiwify", "hotlink", "s1", 1),
    ]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://pay.hotmart.com/A1?xcod=mine", ("hotmart", "product", "sck")),
        ("https://pay.hotmart.com/A1?xcod=&sck=a", ("hotmart", "product", "xcod")),
        ("https://pay.hotmart.com/A1?xcod=a&sck=b|c", ("hotmart", "product", "sck")),
        ("https://pay.kiwify.com.br/A1?s1=a", ("kiwify", "product", "sck")),
        ("https://hotmart.com/pt-br/marketplace/x", ("hotmart", "other", "xcod")),
        ("https://pay.hotmart.com", ("hotmart", "root", "xcod")),
        ("https://hotm.art/x", ("hotmart", "hotlink", None)),
        ("https://pay.kirvano.com/x", ("kirvano", "product", None)),
        ("https://pay.somebody.example/x", ("unknown", "product", None)),
    ],
)
def test_where_the_click_id_will_travel(url: str, found: tuple[str, str, str | None]) -> None:
    assert [one[1:4] for one in checkouts(f'<a href="{url}">x</a>')] == [found]


@pytest.mark.parametrize("url", ["https://app.hotmart.com/x", "https://curso.club.hotmart.com/", "/pay", "mailto:a@b"])
def test_panels_and_other_links_are_no_checkouts(url: str) -> None:
    assert checkouts(f'<a href="{url}">x</a>') == []


def test_a_page_of_a_checkouts_own_is_no_checkout_but_a_gateways_page_may_hold_one() -> None:
    link = "<a href='/x'>x</a>"
    assert read(link, "https://pay.shop.example/").checkouts == {}
    assert [one.gateway for one in read(link, "https://hotmart.com/pt-br/a").checkouts] == ["hotmart"]


def test_hosts_the_tag_names_are_filled_too() -> None:
    tag = f'<script src="{SCRIPT}" data-checkout="loja.example, app.hotmart.com"></script>'
    links = "<a href=https://x.loja.example/a?xcod=1>1</a><a href=https://app.hotmart.com/b>2</a>"
    assert [one[1:4] for one in checkouts(tag + links)] == [("unknown", "other", "s1"), ("hotmart", "other", "xcod")]


def test_no_more_than_twenty_checkouts_are_told() -> None:
    html = "".join(
        f"<a href=https://pay.hotmart.com/{n}>x</a><a href=https://x{n}.hotmart.com/>y</a>" for n in range(99)
    )
    assert len(checkouts(html)) == 20


def test_what_is_said_of_the_script_is_what_it_does() -> None:
    """Slots and hosts are the browser script's; a change there must be made here too."""
    script = (Path(__file__).parents[2] / "api/static/t.js").read_text()
    assert "HOTMART = { slots: ['xcod', 'sck']" in script
    assert "KIWIFY = { slots: ['s1', 'sck']" in script
    assert "OTHER = { slots: ['xcod', 's1', 'sck']" in script
    assert r"/(^|\.)hotmart\.com$/" in script
    assert r"/(^|\.)kiwify\.(com|com\.br|app)$/" in script
    assert r"/(^|\.)(admin|ajuda|app|blog|club|consumer|dashboard|developers|help|members|sso)[.-]/" in script
    assert "option('consent') === 'required'" in script
