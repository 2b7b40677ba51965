"""Who the visitor is: ids, arrivals from ads, and Meta's cookies."""

import re
import time

import pytest

from tests.browser.conftest import Shop
from tests.browser.recording_hub import RecordingHub

CLICK_ID = re.compile(r"^h[0-9A-Za-z]{21}$")
AD = "/?utm_source=facebook&utm_campaign=Lan%C3%A7amento+%F0%9F%94%A5&fbclid=IwAR0-aB_cD"
DAY = 86_400


def test_first_visit_sends_a_click_and_then_a_pageview_with_the_same_ids(shop: Shop, hub: RecordingHub) -> None:
    shop.visit(AD)
    [click], [pageview] = hub.wait("click"), hub.wait("pageview")
    assert CLICK_ID.match(click["click_id"])
    assert (click["click_id"], click["session_id"]) == (pageview["click_id"], pageview["session_id"])
    assert click["event_id"] != pageview["event_id"]
    assert click["content_type"].startswith("text/plain")
    assert click["url"] == "https://www.loja.example" + AD
    assert (click["utm_source"], click["utm_campaign"]) == ("facebook", "Lançamento 🔥")
    assert "consent_ads" not in click
    assert "utm_term" not in click


def test_a_visit_without_any_ad_also_gets_a_click_so_that_its_sale_can_be_told(shop: Shop, hub: RecordingHub) -> None:
    shop.visit("/")
    [click] = hub.wait("click")
    assert CLICK_ID.match(click["click_id"])
    assert "fbclid" not in click
    assert "fbc" not in click
    assert re.match(r"^fb\.1\.\d{13}\.\d{10}$", click["fbp"])


def test_returning_keeps_the_ids_and_sends_only_a_pageview(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    shop.visit("/obrigado", page=page)
    shop.visit("/outra-aba")
    assert len(hub.heard("click")) == 1
    pageviews = hub.heard("pageview")
    assert len({event["click_id"] for event in pageviews}) == 1
    assert len({event["session_id"] for event in pageviews}) == 1
    assert len({event["fbp"] for event in pageviews}) == 1
    assert len({event["event_id"] for event in pageviews}) == 3


def test_every_event_of_a_click_carries_the_utms_it_landed_with(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    page.evaluate("location.href = '/vendas'")
    later = hub.wait("pageview", count=2)[1]
    assert later["utm_source"] == "facebook"
    assert "fbclid" not in later
    assert later["fbc"].endswith(".IwAR0-aB_cD")
    assert later["referrer"] == "https://www.loja.example" + AD


def test_each_new_arrival_from_an_ad_makes_a_new_click(shop: Shop, hub: RecordingHub) -> None:
    arrivals = ["/", "/?fbclid=AbC", "/?fbclid=aBc", "/?utm_source=a", "/?utm_source=b", "/?utm_source=b&gclid=x"]
    page = shop.context.new_page()
    for arrival in arrivals:
        shop.visit(arrival, page=page)
    clicks, pageviews = hub.wait("click", count=len(arrivals)), hub.heard("pageview")
    assert len({event["click_id"] for event in clicks}) == len(arrivals)
    assert {event["click_id"]: event["url"] for event in clicks} == {e["click_id"]: e["url"] for e in pageviews}


def test_a_reload_or_an_inner_link_that_repeats_the_parameters_is_no_new_click(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    for again in (AD, "/p2?utm_source=facebook", "/p2?utm_source=&fbclid=", "/p2?color=blue"):
        shop.visit(again, page=page)
    assert len(hub.heard("click")) == 1


def test_fbc_keeps_the_case_of_the_fbclid_and_the_time_it_was_first_seen(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    before = time.time() * 1000
    shop.visit(AD, page=page)
    first, again = (event["fbc"] for event in hub.heard("pageview"))
    assert first == again
    assert first == shop.cookies()["_fbc"]["value"]
    prefix, index, millis, fbclid = first.split(".")
    assert (prefix, index, fbclid) == ("fb", "1", "IwAR0-aB_cD")
    assert before - 60_000 < int(millis) < before


def test_a_new_fbclid_replaces_fbc_and_leaves_fbp(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    shop.visit("/?fbclid=Other", page=page)
    first, second = hub.heard("pageview")
    assert second["fbc"].endswith(".Other")
    assert first["fbp"] == second["fbp"]


@pytest.mark.parametrize("theirs", ["fb.1.1700000000000.IwAR0-aB_cD", "fb.2.1700000000000.IwAR0-aB_cD.AQYBAQIA"])
def test_cookies_of_metas_own_pixel_are_used_as_they_are(shop: Shop, hub: RecordingHub, theirs: str) -> None:
    pixel = {"_fbc": theirs, "_fbp": "fb.1.17.9"}
    shop.context.add_cookies([{"name": n, "value": v, "url": "https://www.loja.example/"} for n, v in pixel.items()])
    shop.visit(AD)
    [click] = hub.wait("click")
    assert (click["fbc"], click["fbp"]) == (theirs, "fb.1.17.9")
    assert shop.cookies()["_fbc"]["value"] == theirs


def test_cookies_are_first_party_lax_secure_and_live_as_long_as_the_document_says(shop: Shop) -> None:
    shop.visit(AD)
    cookies, now = shop.cookies(), time.time()
    assert set(cookies) == {"_hub", "_hub_s", "_fbp", "_fbc"}
    for name, days in {"_hub": 90, "_fbp": 90, "_fbc": 90, "_hub_s": 30 / 1440}.items():
        cookie = cookies[name]
        assert (cookie["domain"], cookie["path"]) == (".loja.example", "/")
        assert (cookie["sameSite"], cookie["secure"]) == ("Lax", True)
        assert abs(cookie["expires"] - now - days * DAY) < 30


def test_a_session_ends_by_itself_and_the_click_stays(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    shop.context.clear_cookies(name="_hub_s")
    shop.visit("/", page=page)
    first, second = hub.heard("pageview")
    assert first["session_id"] != second["session_id"]
    assert first["click_id"] == second["click_id"]


def test_sites_of_one_domain_share_the_visitor(shop: Shop, hub: RecordingHub) -> None:
    shop.visit(AD, host="https://lp.loja.example")
    shop.visit("/", host="https://loja.example")
    first, second = hub.heard("pageview")
    assert first["click_id"] == second["click_id"]
    assert len(hub.heard("click")) == 1


def test_under_a_two_part_suffix_the_cookie_domain_and_metas_index_are_one_label_longer(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.visit(AD, host="https://www.loja-exemplo.com.br")
    [cookie] = [cookie for cookie in shop.context.cookies() if cookie.get("name") == "_fbc"]
    assert cookie.get("domain") == ".loja-exemplo.com.br"
    assert hub.wait("click")[0]["fbc"].startswith("fb.2.")


@pytest.mark.parametrize(
    ("wanted", "domain"), [("www.loja.example", ".www.loja.example"), ("alheio.example", ".loja.example")]
)
def test_the_tag_may_name_the_cookie_domain_and_one_the_browser_refuses_is_passed_over(
    shop: Shop, wanted: str, domain: str
) -> None:
    shop.publish(attributes=f'data-cookie-domain="{wanted}"')
    shop.visit(AD)
    assert shop.cookies()["_hub"]["domain"] == domain


def test_a_very_long_campaign_is_cut_without_breaking_a_character(shop: Shop, hub: RecordingHub) -> None:
    shop.visit("/?utm_campaign=x" + "%F0%9F%94%A5" * 200)
    [click] = hub.wait("click")
    assert click["utm_campaign"] == "x" + "🔥" * 99
    assert click["url"].endswith("%F0%9F%94%A5")


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/x?a=1&b=" + "%C3%A7" * 480 + "#fim", "/x?a=1&b=" + "%C3%A7" * 480 + "#fim"),
        ("/x?a=1&b=" + "%C3%A7" * 600 + "#fim", "/x?a=1"),
        ("/x?a=1#/" + "y" * 3_000, "/x?a=1"),
        ("/" + "x" * 4_000, "/" + "x" * (3_000 - len("https://www.loja.example/"))),
    ],
)
def test_a_very_long_address_loses_what_a_cut_would_break_or_stays_longer_than_meta_takes(
    shop: Shop, hub: RecordingHub, address: str, sent: str
) -> None:
    shop.visit(address)
    [click] = hub.wait("click")
    assert click["url"] == "https://www.loja.example" + sent


def test_the_key_and_the_hub_are_found_when_a_loader_hides_which_script_is_running(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.tag = f'<script type="text/plain" src="https://hub.example/t.js?key={hub.key}"></script>'
    loader = "fetch('https://hub.example/t.js?key=x').then(r => r.text()).then(text => setTimeout(text))"
    shop.publish(f"<script>{loader}</script>")
    shop.visit(AD)
    assert hub.wait("click")[0]["key"] == hub.key


def test_the_page_hears_of_every_event_with_the_id_the_hub_gets(shop: Shop, hub: RecordingHub) -> None:
    heard = "<script>window.heard = []; addEventListener('hub', e => heard.push(e.detail))</script>"
    shop.publish(head=heard)
    page = shop.visit(AD)
    told = page.evaluate("() => heard")
    sent = {name: hub.wait(name)[0]["event_id"] for name in ("click", "pageview")}
    assert {one["name"]: one["event_id"] for one in told} == sent
