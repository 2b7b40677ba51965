"""Single-page sites: a pageview for each address that really changed, and none besides."""

from tests.browser.conftest import Shop
from tests.browser.recording_hub import RecordingHub

SITE = "https://www.loja.example"


def test_a_route_change_is_one_pageview_of_the_final_address(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit("/")
    address = SITE + "/"
    for move, arrived in (
        ("history.pushState({}, '', '/modulos')", "/modulos"),
        ("history.replaceState({}, '', '/?aba=2')", "/?aba=2"),
        ("location.hash = '#/precos'", "/?aba=2#/precos"),
        ("location.hash = '#!/precos'", "/?aba=2#!/precos"),
        ("history.pushState({}, '', '/a'); history.replaceState({}, '', '/b')", "/b"),
    ):
        page.evaluate(move)
        shop.quiet(page)
        before, now = hub.heard("pageview")[-2:]
        assert (now["url"], now["referrer"]) == (SITE + arrived, address)
        assert now["click_id"] == before["click_id"]
        address = now["url"]
    assert len(hub.heard("pageview")) == 6
    assert len(hub.heard("click")) == 1


def test_what_only_looks_like_a_route_change_is_no_pageview(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit("/?tema=1&utm_source=fb&fbclid=A")
    for move in (
        "history.pushState({}, '', location.href)",
        "history.replaceState({scroll: 3}, '')",
        "location.hash = '#depoimentos'",
        "history.replaceState({}, '', '/?tema=1')",
        "history.pushState({}, '', '/x'); history.replaceState({}, '', '/?tema=1')",
    ):
        page.evaluate(move)
        shop.quiet(page)
        assert len(hub.heard("pageview")) == 1, move


def test_going_back_is_a_pageview_of_the_page_gone_back_to(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit("/")
    page.evaluate("history.pushState({}, '', '/dois')")
    hub.wait("pageview", count=2)
    page.evaluate("history.back()")
    hub.wait("pageview", count=3)
    shop.quiet(page)
    assert [event["url"] for event in hub.heard("pageview")] == [f"{SITE}/", f"{SITE}/dois", f"{SITE}/"]


def test_an_ad_arrival_inside_the_application_is_a_new_click(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit("/?utm_source=a")
    page.evaluate("history.pushState({}, '', '/?utm_source=b')")
    clicks = hub.wait("click", count=2)
    assert clicks[1]["utm_source"] == "b"
    hub.wait("pageview", count=2)


def test_the_pages_own_history_calls_return_and_fail_as_before(shop: Shop) -> None:
    page = shop.visit("/")
    assert page.evaluate("history.pushState({passo: 7}, '', '/sete')") is None
    assert page.evaluate("history.state") == {"passo": 7}
    foreign = "try { history.pushState({}, '', 'https://x.example/') } catch (e) { document.title = e.name }"
    page.evaluate(foreign)
    assert page.title() == "SecurityError"
