"""The seller's page comes first: no fault, rule or neighbour of ours may break it, and we add one global and 6 KB."""

import gzip
import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Shop
from tests.browser.recording_hub import HUB, SCRIPT, RecordingHub

BUY = '<a id="buy" href="https://pay.hotmart.com/A1">Comprar</a>'
NO_LOCAL_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }});"
NULL_LOCAL_STORAGE = "Object.defineProperty(window, 'localStorage', {value: null});"
FULL_LOCAL_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('quota') };"
NO_COOKIES = "Object.defineProperty(document, 'cookie', {get: () => '', set() {}});"
THROWING_COOKIES = "Object.defineProperty(document, 'cookie', {get() { throw 1 }, set() { throw 1 }});"


def watched(shop: Shop, init: str = "") -> tuple[Page, list[str]]:
    """A tab, and everything that goes wrong or is printed in it."""
    page, noise = shop.context.new_page(), list[str]()
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("console", lambda message: noise.append(message.text) if "favicon" not in str(message.location) else None)
    page.add_init_script(init)
    return page, noise


def test_a_whole_visit_prints_nothing_and_adds_one_global(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY)
    page, noise = watched(shop, "window.before = Object.getOwnPropertyNames(window)")
    shop.visit("/?fbclid=X", page=page)
    page.locator("#buy").hover()
    added: list[str] = page.evaluate("Object.getOwnPropertyNames(window).filter(name => !before.includes(name))")
    assert set(added) - {"before"} == {"hub"}
    assert noise == []


@pytest.mark.parametrize(
    "fault",
    [NO_LOCAL_STORAGE + NO_COOKIES, NULL_LOCAL_STORAGE + THROWING_COOKIES, FULL_LOCAL_STORAGE + THROWING_COOKIES],
)
def test_with_no_storage_at_all_one_page_still_has_one_visitor(shop: Shop, hub: RecordingHub, fault: str) -> None:
    shop.publish(BUY)
    page, noise = watched(shop, fault)
    shop.visit("/?fbclid=X", page=page)
    page.evaluate("history.pushState({}, '', '/dois'); hub.track('initiate_checkout')")
    hub.wait("pageview", count=2)
    hub.wait("initiate_checkout")
    for field in ("click_id", "session_id", "fbp", "fbc"):
        assert len({event[field] for event in hub.heard()}) == 1, field
    assert "xcod=" + page.evaluate("hub.id()") in str(page.locator("#buy").get_attribute("href"))
    page.evaluate("hub.consent(false); hub.track('pageview')")
    hub.wait("consent")
    shop.quiet(page)
    assert len(hub.heard("pageview")) == 2
    assert noise == []


def test_with_cookies_off_local_storage_keeps_the_visitor_and_the_refusal(shop: Shop, hub: RecordingHub) -> None:
    page, _ = watched(shop, NO_COOKIES)
    shop.visit("/?fbclid=X", page=page)
    shop.visit("/dois", page=page)
    assert len(hub.heard("click")) == 1
    assert len({event["fbp"] for event in hub.heard()}) == 1
    page.evaluate("hub.consent(false)")
    hub.wait("consent")
    shop.open("/tres", page=page)
    shop.quiet(page)
    assert len(hub.heard("pageview")) == 2
    assert set(shop.stored(page)) == {"_hub:_hub_consent"}


def test_a_cookie_of_our_name_that_is_not_ours_stops_nothing(shop: Shop, hub: RecordingHub) -> None:
    page, noise = watched(shop)
    for junk in ("7", "{}", "null", "{", "%7B%22click%22%3A1%7D", "%E0%A4%A"):
        shop.context.clear_cookies()
        shop.context.add_cookies([{"name": "_hub", "value": junk, "url": "https://www.loja.example/"}])
        shop.visit("/?fbclid=X", page=page)
        assert re.match(r"^h\w{21}$", page.evaluate("hub.id()")), junk
        assert shop.cookies()["_hub"]["domain"] == ".loja.example", junk
    assert noise == []


@pytest.mark.parametrize("missing", ["crypto", "WeakMap", "URLSearchParams", "history.__proto__.pushState"])
def test_a_browser_too_poor_for_the_script_shows_the_page_all_the_same(shop: Shop, missing: str) -> None:
    shop.publish("<p id=end></p><script>document.title = 'pronta'</script>")
    page, noise = watched(shop, "delete window." + missing)
    shop.open(page=page)
    assert page.title() == "pronta"
    assert noise == []


def test_included_twice_it_runs_once(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(head=shop.tag + shop.tag)
    page = shop.visit()
    page.evaluate("history.pushState({}, '', '/dois')")
    hub.wait("pageview", count=2)
    shop.quiet(page)
    assert [event["name"] for event in hub.heard()].count("click") == 1
    assert len(hub.heard("pageview")) == 2


def test_without_a_key_it_does_nothing(shop: Shop, hub: RecordingHub) -> None:
    shop.tag = f'<script src="{HUB}/t.js?key="></script>'
    shop.publish()
    page = shop.open()
    assert page.evaluate("typeof hub") == "undefined"


def test_another_scripts_hub_is_not_taken_and_an_element_of_that_id_does_not_stand_in_the_way(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(head="<script>window.hub = {theirs: 1}</script>")
    page = shop.visit("/?fbclid=X")
    assert page.evaluate("JSON.stringify(hub)") == '{"theirs":1}'
    shop.tag, script = "", shop.tag
    shop.publish(f'<div id="hub"></div>{script}')
    shop.visit("/dois", page=page)
    assert page.evaluate("hub.id()") == hub.heard("pageview")[-1]["click_id"]
    assert page.evaluate("document.getElementById('hub').tagName") == "DIV"


def test_a_strict_content_security_policy_needs_the_hub_in_two_directives(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY)
    hub.headers = {"Content_Security_Policy": f"default-src 'self'; script-src {HUB}; connect-src 'self' {HUB}"}
    page, noise = watched(shop)
    shop.visit("/?fbclid=X", page=page)
    assert "xcod=" in str(page.locator("#buy").get_attribute("href"))
    assert noise == []


def test_a_policy_that_forgets_the_connection_loses_no_link_and_breaks_nothing(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY)
    hub.headers = {"Content_Security_Policy": f"default-src 'self'; script-src {HUB}"}
    page, noise = watched(shop)
    shop.open("/?fbclid=X", page=page)
    shop.quiet(page)
    assert "xcod=" in str(page.locator("#buy").get_attribute("href"))
    assert hub.heard() == []
    assert all("Content Security Policy" in line for line in noise)
    hub.headers = {}
    shop.open("/dois", page=page)
    hub.wait("pageview", count=2)


def test_a_prerendered_page_counts_only_when_it_is_shown(shop: Shop, hub: RecordingHub) -> None:
    page, noise = watched(shop, "Object.defineProperty(document, 'prerendering', {value: true})")
    shop.open("/?fbclid=X", page=page)
    page.evaluate("hub.identify({email: 'ana@example.com'}); hub.consent(true)")
    shop.quiet(page)
    assert (hub.heard(), shop.cookies()) == ([], {})
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    hub.wait("click")
    hub.wait("consent")
    shop.quiet(page)
    assert len(hub.heard("pageview")) == 1
    assert noise == []


def test_the_script_is_small_plain_and_of_the_year_old_phones_understand() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    assert len(gzip.compress(source.encode(), 6)) < 6_000
    assert source.isascii()
    code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    newer = r"\?\.[a-zA-Z(\[]|\?\?\s|catch\s*\{|\*\*=|\|\|=|&&=|\.flat|\.matchAll|fromEntries|\{\s*\.\.\.|async |\.at\("
    assert not re.findall(newer, code)
    assert not re.findall(r"\beval\b|new Function|innerHTML|document\.write|console\.|alert\(|XMLHttpRequest", code)
