"""Sending: an event outlives a hub that is down, a network that fails and a page that goes away, under one event_id."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Shop
from tests.browser.recording_hub import RecordingHub

OUTBOX = "_hub_q"
HOUR_MS = 3_600_000
NO_KEEPALIVE = "delete Request.prototype.keepalive"


def outbox(shop: Shop, page: Page) -> list[str]:
    return [entry["body"]["event_id"] for entry in json.loads(shop.stored(page).get(OUTBOX, "[]"))]


def test_what_the_hub_took_leaves_nothing_behind(shop: Shop) -> None:
    page = shop.visit()
    assert shop.stored(page) == {}


def track(hub: RecordingHub, page: Page) -> str:
    """The event_id of one more pageview, once the hub has answered it."""
    seen = len(hub.heard("pageview"))
    made: str = page.evaluate("hub.track('pageview')")
    hub.wait("pageview", count=seen + 1)
    return made


def test_events_the_hub_could_not_take_are_sent_again_on_the_next_page_with_the_same_event_ids(
    shop: Shop, hub: RecordingHub
) -> None:
    page = shop.visit()
    failed = []
    for hub.status in (500, 503, 429, 408):
        failed.append(track(hub, page))
    shop.quiet(page)
    assert outbox(shop, page) == failed
    hub.status = 202
    page.evaluate("addEventListener('beforeunload', () => { navigator.sendBeacon = () => false })")
    shop.visit("/dois", page=page)
    taken = [event["event_id"] for event in hub.heard() if event["status"] == 202]
    assert set(failed) < set(taken)
    assert len(taken) == len(set(taken))
    assert outbox(shop, page) == []


def test_an_event_the_hub_will_never_take_is_not_sent_again(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit()
    for hub.status in (400, 401, 403, 413, 422):
        track(hub, page)
        shop.quiet(page)
        assert outbox(shop, page) == [], hub.status


@pytest.mark.parametrize(
    "fault",
    [
        "window.fetch = () => Promise.reject(new TypeError('blocked'))",
        "window.fetch = () => { throw new TypeError('blocked') }",
        "delete window.fetch; " + NO_KEEPALIVE + "; navigator.sendBeacon = () => false",
        NO_KEEPALIVE + "; navigator.sendBeacon = undefined",
    ],
)
def test_events_wait_when_the_browser_cannot_send_and_go_when_it_can(shop: Shop, hub: RecordingHub, fault: str) -> None:
    faulty = shop.context.new_page()
    faulty.add_init_script(fault)
    errors: list[str] = []
    faulty.on("pageerror", lambda error: errors.append(str(error)))
    shop.open(page=faulty)
    faulty.wait_for_timeout(50)
    waiting = outbox(shop, faulty)
    assert (len(waiting), hub.heard(), errors) == (2, [], [])
    shop.open("/dois")
    hub.wait("pageview", count=2)
    hub.wait("click")
    assert set(waiting) < {event["event_id"] for event in hub.heard()}


def test_a_browser_without_keepalive_sends_beacons(shop: Shop, hub: RecordingHub) -> None:
    page = shop.context.new_page()
    page.add_init_script(NO_KEEPALIVE + "; window.fetch = () => { throw new Error('not for this') }")
    shop.open(page=page)
    [pageview] = hub.wait("pageview")
    assert pageview["content_type"].startswith("text/plain")
    assert outbox(shop, page) == []


def test_leaving_the_page_gives_a_failed_event_one_more_chance(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit()
    failed = {event["event_id"] for event in hub.heard()}
    hub.status = 202
    page.goto("https://elsewhere.example/")
    hub.wait("click", count=2)
    hub.wait("pageview", count=2)
    assert {event["event_id"] for event in hub.heard() if event["status"] == 202} == failed


def test_an_event_whose_answer_the_page_did_not_live_to_see_is_sent_again(shop: Shop, hub: RecordingHub) -> None:
    hub.release.clear()
    page = shop.open()
    page.goto("https://elsewhere.example/")
    hub.release.set()
    [unseen] = hub.wait("pageview")
    shop.visit("/dois", page=page)
    again = [event for event in hub.wait("pageview", count=3) if event["event_id"] == unseen["event_id"]]
    assert len(again) == 2
    assert outbox(shop, page) == []


def test_the_outbox_keeps_the_newest_twenty_events_of_the_last_day(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit()
    sent: list[str] = page.evaluate("Array.from({length: 30}, () => hub.track('pageview'))")
    hub.wait("pageview", count=31)
    shop.quiet(page)
    assert outbox(shop, page) == sent[-20:]
    page.evaluate(
        "key => { const list = JSON.parse(localStorage[key]); list.slice(1).forEach(e => { e.at -= 864e5 });"
        " localStorage[key] = JSON.stringify(list) }",
        OUTBOX,
    )
    before = len(hub.heard())
    hub.status = 202
    shop.visit("/dois")
    assert {event["event_id"] for event in hub.heard()[before:]} & set(sent) == {sent[-20]}
    assert outbox(shop, page) == []


AGE_OUTBOX = """([key, ms]) => {
  const list = JSON.parse(localStorage[key]);
  list.forEach(entry => { entry.at -= ms });
  localStorage[key] = JSON.stringify(list);
}"""


def test_an_event_that_leaves_the_outbox_late_says_how_long_ago_it_happened(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit()
    late = {event["event_id"]: event for event in hub.heard()}
    assert not any("age_ms" in event for event in late.values())
    page.evaluate(AGE_OUTBOX, [OUTBOX, HOUR_MS])
    hub.status = 202
    shop.visit("/dois")
    hub.wait("click", count=2)
    hub.wait("pageview", count=3)
    again = [event for event in hub.heard() if event["status"] == 202]
    assert {event["event_id"] for event in again if HOUR_MS <= event.get("age_ms", 0) < HOUR_MS + 60_000} == set(late)
    assert len([event for event in again if "age_ms" not in event]) == 1


def test_a_beacon_says_the_age_too(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit()
    page.evaluate(AGE_OUTBOX, [OUTBOX, HOUR_MS])
    page.goto("https://elsewhere.example/")
    assert hub.wait("pageview", count=2)[1]["age_ms"] >= HOUR_MS


def test_an_event_that_waited_for_consent_says_its_age_and_the_consent_is_new(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(attributes='data-consent="required"')
    page = shop.open("/?fbclid=AbC")
    page.evaluate(f"const now = Date.now; Date.now = () => now() + {HOUR_MS}; hub.consent(true)")
    [click], [consent] = hub.wait("click"), hub.wait("consent")
    assert HOUR_MS <= click["age_ms"] < HOUR_MS + 60_000
    assert (consent["consent_ads"], "age_ms" in consent) == (True, False)


def test_a_clock_set_back_gives_no_age(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit()
    page.evaluate(AGE_OUTBOX, [OUTBOX, -HOUR_MS])
    hub.status = 202
    shop.visit("/dois")
    hub.wait("click", count=2)
    assert not any("age_ms" in event for event in hub.heard())


def test_an_outbox_somebody_else_wrote_in_stops_nothing(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit()
    for junk in ("{", '{"a":1}', "[null]", '[{"at":9e15}]', "7"):
        page.evaluate("([key, junk]) => localStorage.setItem(key, junk)", [OUTBOX, junk])
        shop.visit("/dois", page=page)


def test_track_gives_back_the_event_id_so_that_a_pixel_can_share_it_and_takes_only_known_events(
    shop: Shop, hub: RecordingHub
) -> None:
    page = shop.visit()
    made = page.evaluate("hub.track('initiate_checkout', {email: 'ana@example.com'})")
    [event] = hub.wait("initiate_checkout")
    assert (event["event_id"], event["email"]) == (made, "ana@example.com")
    assert page.evaluate("hub.track('purchase') === undefined && hub.track() === undefined")
    shop.quiet(page)
    assert len(hub.heard()) == 3
