"""Checkout links: what is added to them, what is never changed, and the event a click on one sends."""

from playwright.sync_api import Page

from tests.browser.conftest import Shop
from tests.browser.recording_hub import RecordingHub

HOTMART, KIWIFY = "https://pay.hotmart.com/A1", "https://pay.kiwify.com.br/B2"
OTHERS_ID = "hZZZZZZZZZZZZZZZZZZZZZ"
CARRIED = "utm_source=fb&utm_campaign=Lan%C3%A7amento%20%7C%20frio"
LANDING = "/?utm_source=fb&utm_campaign=Lan%C3%A7amento+%7C+frio&utm_id=77&fbclid=X"

DECORATED = {
    "hotmart, both slots free": (HOTMART, HOTMART + "?xcod={id}&sck={id}"),
    "hotmart, hotlink": ("https://go.hotmart.com/C3?ap=1", "https://go.hotmart.com/C3?ap=1&xcod={id}&sck={id}"),
    "hotmart, bare domain": ("https://hotmart.com/c/D4", "https://hotmart.com/c/D4?xcod={id}&sck={id}"),
    "hotmart, sck taken": (HOTMART + "?sck=fb|cpc|x", HOTMART + "?sck=fb|cpc|x&xcod={id}"),
    "hotmart, xcod taken": (HOTMART + "?xcod=meu&off=z", HOTMART + "?xcod=meu&off=z&sck={id}"),
    "hotmart, both taken": (HOTMART + "?xcod=meu&sck=a|b|c&off=z", HOTMART + "?xcod=meu&sck=a|b|c|{id}&off=z"),
    "hotmart, both taken, encoded": (HOTMART + "?sck=a%7Cb&xcod=m", HOTMART + "?sck=a%7Cb%7C{id}&xcod=m"),
    "hotmart, empty slots": (HOTMART + "?sck=&xcod&off=z", HOTMART + "?sck={id}&xcod={id}&off=z"),
    "hotmart, a copied page's id": (HOTMART + "?xcod=" + OTHERS_ID, HOTMART + "?xcod={id}&sck={id}"),
    "hotmart, a copied page's last field": (
        HOTMART + "?xcod=m&sck=a|" + OTHERS_ID,
        HOTMART + "?xcod=m&sck=a%7C{id}",
    ),
    "order, encoding, case and hash stay": (
        HOTMART + "?Off=%7Cx%20y+z&&b=%c3%a7;ç&a=1#Topo?x=1",
        HOTMART + "?Off=%7Cx%20y+z&&b=%c3%a7;ç&a=1&xcod={id}&sck={id}#Topo?x=1",
    ),
    "trailing separators": (HOTMART + "?a=1&", HOTMART + "?a=1&xcod={id}&sck={id}"),
    "protocol of the page": ("//pay.hotmart.com/A1?a=1", "//pay.hotmart.com/A1?a=1&xcod={id}&sck={id}"),
    "kiwify, free": (KIWIFY, KIWIFY + "?s1={id}&sck={id}&" + CARRIED),
    "kiwify, short link": ("https://kiwify.app/E5", "https://kiwify.app/E5?s1={id}&sck={id}&" + CARRIED),
    "kiwify, .com": ("https://pay.kiwify.com/F6", "https://pay.kiwify.com/F6?s1={id}&sck={id}&" + CARRIED),
    "kiwify, own utm kept": (
        KIWIFY + "?utm_source=email&s1=meu",
        KIWIFY + "?utm_source=email&s1=meu&sck={id}&utm_campaign=Lan%C3%A7amento%20%7C%20frio",
    ),
    "kiwify, both taken": (
        KIWIFY + "?s1=m&sck=a&utm_source=x&utm_campaign=y",
        KIWIFY + "?s1=m&sck=a%7C{id}&utm_source=x&utm_campaign=y",
    ),
    "named by the seller": (
        "https://compra.loja-b.example/x",
        "https://compra.loja-b.example/x?xcod={id}&s1={id}&sck={id}&" + CARRIED,
    ),
    "named by the seller though a panel's host": (
        "https://app.hotmart.com/x",
        "https://app.hotmart.com/x?xcod={id}&sck={id}",
    ),
}
UNTOUCHED = [
    "/carrinho?x=1",
    "https://www.loja.example/hotmart.com",
    "https://hotmart.com.loja-c.example/x",
    "https://nothotmart.com/x",
    "https://curso.club.hotmart.com/aula",
    "https://consumer.hotmart.com/login",
    "https://dashboard.kiwify.com.br/login",
    "https://members.kiwify.com.br/login",
    "mailto:ajuda@loja.example",
    "javascript:void(0)",
]


def href(page: Page, selector: str = "#buy") -> str | None:
    return page.locator(selector).get_attribute("href")


def link(url: str, *, more: str = 'id="buy"') -> str:
    return f'<a {more} href="{url.replace("&", "&amp;")}">Comprar</a>'


def click_id(page: Page) -> str:
    made: str = page.evaluate("hub.id()")
    return made


def tabs_asked_for(page: Page) -> list[str]:
    """The addresses that the page asks to have opened in a new tab, from now on.

    The tab itself is no witness: Playwright never hears of one whose process is replaced while it attaches to it.
    """
    asked: list[str] = []

    def asked_for(request: dict[str, str]) -> None:
        if request.get("disposition", "newTab") == "newTab":
            asked.append(request["url"])

    devtools = page.context.new_cdp_session(page)
    devtools.on("Page.windowOpen", asked_for)
    devtools.on("Page.frameRequestedNavigation", asked_for)
    devtools.send("Page.enable")
    return asked


def hrefs(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    return found


def test_checkout_links_carry_the_click_where_there_is_room_and_twice_changes_nothing(shop: Shop) -> None:
    shop.publish(
        "".join(link(before) for before, _ in DECORATED.values()),
        attributes='data-checkout="compra.loja-b.example, app.hotmart.com"',
    )
    page = shop.visit(LANDING)
    wanted = {case: after.replace("{id}", click_id(page)) for case, (_, after) in DECORATED.items()}
    assert dict(zip(DECORATED, hrefs(page), strict=True)) == wanted
    # A copy of a decorated link is a link this script has not met, as after a reload of a saved page.
    page.evaluate("document.body.append(...[...document.querySelectorAll('a')].map(a => a.cloneNode(true)))")
    page.evaluate(
        "document.querySelectorAll('a').forEach(a => a.dispatchEvent(new Event('mousedown', {bubbles: true})))"
    )
    assert hrefs(page) == [*wanted.values()] * 2


def test_any_other_link_is_left_alone_and_sends_nothing(shop: Shop, hub: RecordingHub) -> None:
    stop = "<script>addEventListener('click', e => e.preventDefault())</script>"
    shop.publish("".join(map(link, UNTOUCHED)) + stop)
    page = shop.visit(LANDING)
    page.evaluate("document.querySelectorAll('a').forEach(a => a.click())")
    shop.quiet(page)
    assert hrefs(page) == UNTOUCHED
    assert not hub.heard("initiate_checkout")


def test_an_embedded_checkout_is_left_alone(shop: Shop) -> None:
    shop.publish(f'<iframe id="buy" src="{KIWIFY}"></iframe>')
    page = shop.visit(LANDING)
    assert page.locator("#buy").get_attribute("src") == KIWIFY


def test_a_link_added_later_is_decorated_at_the_first_touch_of_any_kind(shop: Shop) -> None:
    page = shop.visit(LANDING)
    for touch in ("mouseover", "focusin", "touchstart", "mousedown", "keydown"):
        page.evaluate("html => { document.body.innerHTML = html }", link(HOTMART))
        assert href(page) == HOTMART
        page.locator("#buy").dispatch_event(touch)
        assert href(page) == f"{HOTMART}?xcod={click_id(page)}&sck={click_id(page)}", touch


def test_a_link_inside_a_web_component_is_decorated(shop: Shop) -> None:
    page = shop.visit(LANDING)
    page.evaluate(
        "html => { const box = document.body.appendChild(document.createElement('x-buy'));"
        " box.attachShadow({mode: 'open'}).innerHTML = html; }",
        link(HOTMART),
    )
    page.locator("#buy").hover()
    assert "xcod=" + click_id(page) in str(href(page))


def test_a_link_whose_address_the_page_rewrites_is_decorated_anew(shop: Shop) -> None:
    shop.publish(link(HOTMART))
    page = shop.visit(LANDING)
    page.evaluate("document.querySelector('#buy').href = 'https://pay.hotmart.com/A1?off=novo'")
    page.locator("#buy").hover()
    assert href(page) == f"{HOTMART}?off=novo&xcod={click_id(page)}&sck={click_id(page)}"


def test_a_new_arrival_changes_the_click_in_links_already_decorated(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(link(HOTMART + "?sck=a|b&xcod=m"))
    page = shop.visit(LANDING)
    first = click_id(page)
    page.evaluate("history.pushState({}, '', '/?fbclid=Y')")
    hub.wait("click", count=2)
    assert click_id(page) != first
    assert href(page) == f"{HOTMART}?sck=a|b|{click_id(page)}&xcod=m"


def test_a_click_sends_one_initiate_checkout_and_the_checkout_opens_with_the_click_id(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(link(HOTMART))
    page = shop.visit(LANDING)
    known = click_id(page)
    page.locator("#buy").click()
    page.wait_for_url("https://pay.hotmart.com/**")
    [event] = hub.wait("initiate_checkout")
    assert page.url == f"{HOTMART}?xcod={known}&sck={known}"
    assert (event["click_id"], event["checkout_url"]) == (known, page.url)
    assert event["url"] == "https://www.loja.example" + LANDING
    assert event["utm_source"] == "fb"
    assert event["fbc"].endswith(".X")


def test_a_slow_hub_does_not_hold_the_buyer_back_and_still_hears_of_the_checkout(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(link(HOTMART))
    page = shop.visit(LANDING)
    hub.release.clear()
    page.locator("#buy").click()
    page.wait_for_url("https://pay.hotmart.com/**", timeout=5_000)
    assert not hub.heard("initiate_checkout")
    hub.release.set()
    hub.wait("initiate_checkout")


def test_a_double_click_is_one_checkout_and_a_page_that_stops_the_click_is_still_heard(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(link(HOTMART))
    page = shop.visit(LANDING)
    page.evaluate("addEventListener('click', e => { e.preventDefault(); e.stopImmediatePropagation() }, true)")
    page.locator("#buy").dblclick()
    hub.wait("initiate_checkout")
    shop.quiet(page)
    assert len(hub.heard("initiate_checkout")) == 1


def test_the_middle_button_opens_a_tab_with_the_click_id_and_counts_and_the_right_one_does_not(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(link(HOTMART) + link(KIWIFY, more='id="other"'))
    page = shop.visit(LANDING)
    tabs = tabs_asked_for(page)
    page.locator("#other").click(button="right")
    page.locator("#buy").click(button="middle")
    [event] = hub.wait("initiate_checkout")
    shop.quiet(page)
    assert tabs == [event["checkout_url"]]
    assert tabs[0].startswith(f"{HOTMART}?xcod=")
    assert len(hub.heard("initiate_checkout")) == 1


def test_a_new_window_link_and_the_enter_key_work_as_a_click(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(link(HOTMART, more='id="buy" target="_blank"'))
    page = shop.visit(LANDING)
    page.locator("#buy").focus()
    tabs = tabs_asked_for(page)
    page.keyboard.press("Enter")
    [event] = hub.wait("initiate_checkout")
    shop.quiet(page)
    assert tabs == [event["checkout_url"]]
    assert tabs[0].startswith(f"{HOTMART}?xcod=")
    assert len(hub.heard("initiate_checkout")) == 1
