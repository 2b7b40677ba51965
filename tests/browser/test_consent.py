"""Consent: nothing before it is given where it is required, and nothing but the withdrawal once it is refused."""

import time

import pytest

from tests.browser.conftest import Shop
from tests.browser.recording_hub import RecordingHub

AD = "/?utm_source=fb&fbclid=AbC"
CHECKOUT = "https://pay.hotmart.com/A1"
BUY = f'<a id="buy" href="{CHECKOUT}">Comprar</a><script>addEventListener("click", e => e.preventDefault())</script>'
NO_LAST_BEACON = "addEventListener('beforeunload', () => { navigator.sendBeacon = () => false })"
REFUSED = {"_hub_consent": "0"}


def values(shop: Shop) -> dict[str, str]:
    return {name: cookie["value"] for name, cookie in shop.cookies().items()}


def test_where_consent_is_required_nothing_is_sent_stored_or_decorated_before_it(shop: Shop, hub: RecordingHub) -> None:
    heard = "<script>window.heard = []; addEventListener('hub', e => heard.push(e.detail.name))</script>"
    shop.publish(heard + BUY, attributes='data-consent="required"')
    page = shop.open(AD)
    page.locator("#buy").click()
    page.evaluate("history.pushState({}, '', '/dois')")
    shop.quiet(page)
    assert (hub.heard(), shop.cookies(), shop.stored(page)) == ([], {}, {})
    assert page.evaluate("heard") == []
    assert page.evaluate("hub.id()") is None
    assert page.locator("#buy").get_attribute("href") == CHECKOUT


def test_consent_releases_what_waited_with_the_time_it_happened_and_says_so_to_the_hub(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(BUY, attributes='data-consent="required" data-consent-version="2026-01"')
    page = shop.open(AD)
    page.locator("#buy").click()
    page.wait_for_timeout(300)
    decided = time.time() * 1000
    page.evaluate("hub.consent(true)")
    hub.wait("consent")
    shop.quiet(page)
    assert sorted(event["name"] for event in hub.heard()) == ["click", "consent", "initiate_checkout", "pageview"]
    assert {(event["consent_ads"], event["consent_version"]) for event in hub.heard()} == {(True, "2026-01")}
    assert {event["click_id"] for event in hub.heard()} == {page.evaluate("hub.id()")}
    assert int(hub.heard("click")[0]["fbc"].split(".")[2]) < decided - 200
    assert set(values(shop)) == {"_hub", "_hub_s", "_hub_consent", "_fbp", "_fbc"}
    assert "xcod=" in str(page.locator("#buy").get_attribute("href"))


def test_consent_once_given_holds_on_the_next_page_and_is_told_only_once(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(attributes='data-consent="required"')
    page = shop.open(AD)
    page.evaluate("hub.consent(true)")
    hub.wait("consent")
    shop.quiet(page)
    shop.visit("/dois", page=page)
    page.evaluate("hub.consent(true)")
    shop.quiet(page)
    assert len(hub.heard("consent")) == 1
    assert hub.heard("pageview")[-1]["consent_ads"] is True


def test_anything_but_true_is_a_refusal_and_of_ids_never_sent_nothing_is_told(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY, attributes='data-consent="required"')
    page = shop.context.new_page()
    for refusal in ("false", "undefined", "'true'", "1"):
        shop.context.clear_cookies()
        shop.open(AD, page=page)
        page.evaluate(f"hub.consent({refusal})")
        page.locator("#buy").click()
        shop.open("/dois", page=page)
        shop.quiet(page)
        assert (hub.heard(), values(shop), shop.stored(page)) == ([], REFUSED, {}), refusal


def test_a_withdrawal_is_told_with_the_ids_it_is_about_and_then_the_ids_are_gone(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY)
    page = shop.visit(AD)
    [click] = hub.wait("click")
    page.evaluate("hub.identify({email: 'ana@example.com'}); hub.consent(false)")
    [withdrawal] = hub.wait("consent")
    shop.quiet(page)
    assert withdrawal["consent_ads"] is False
    for field in ("click_id", "session_id", "fbp", "fbc", "url", "utm_source"):
        assert withdrawal[field] == click[field], field
    assert withdrawal["email"] == "ana@example.com"
    assert (values(shop), shop.stored(page)) == (REFUSED, {})
    assert page.evaluate("hub.id()") is None


def test_after_a_withdrawal_nothing_more_is_sent_and_links_are_as_the_seller_wrote_them(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(BUY)
    page = shop.visit(AD)
    assert page.locator("#buy").get_attribute("href") != CHECKOUT
    page.evaluate("hub.consent(false)")
    hub.wait("consent")
    before = len(hub.heard())
    assert page.locator("#buy").get_attribute("href") == CHECKOUT
    page.locator("#buy").click()
    page.evaluate("hub.track('initiate_checkout'); hub.consent(false); history.pushState({}, '', '/dois')")
    shop.quiet(page)
    shop.open("/?fbclid=Novo", page=page)
    shop.quiet(page)
    assert len(hub.heard()) == before
    assert values(shop) == REFUSED
    assert page.locator("#buy").get_attribute("href") == CHECKOUT


def test_cookies_that_another_vendor_made_survive_a_withdrawal(shop: Shop, hub: RecordingHub) -> None:
    theirs = {"_fbp": "fb.1.1700000000000.1234567890", "_ga": "GA1.1.2.3"}
    shop.context.add_cookies([{"name": n, "value": v, "url": "https://www.loja.example/"} for n, v in theirs.items()])
    page = shop.visit(AD)
    page.evaluate("hub.consent(false)")
    hub.wait("consent")
    assert values(shop) == theirs | REFUSED


def test_a_withdrawal_the_hub_could_not_take_is_kept_until_it_does(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    hub.status = 503
    page.evaluate("hub.consent(false)")
    [failed] = hub.wait("consent")
    shop.quiet(page)
    hub.status = 202
    shop.open("/dois", page=page)
    again = hub.wait("consent", count=2)
    shop.quiet(page)
    assert {event["event_id"] for event in again} == {failed["event_id"]}
    assert shop.stored(page) == {}
    assert len(hub.heard("pageview")) == 1


def test_a_refusal_reaches_what_waits_in_the_outbox_of_another_host_of_the_domain(
    shop: Shop, hub: RecordingHub
) -> None:
    hub.status = 503
    page = shop.visit(AD, host="https://lp.loja.example")
    page.evaluate(NO_LAST_BEACON)
    shop.visit("/", page=page)
    page.evaluate("hub.consent(false)")
    hub.wait("consent")
    hub.status, before = 202, len(hub.heard())
    shop.open("/", host="https://lp.loja.example", page=page)
    shop.quiet(page)
    assert [event["name"] for event in hub.heard()[before:] if event["name"] != "consent"] == []


def test_a_grant_that_waits_on_another_host_does_not_lift_the_refusal_said_since(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit(AD, host="https://lp.loja.example")
    page.evaluate("hub.consent(true)")
    hub.wait("consent")
    shop.quiet(page)
    page.evaluate(NO_LAST_BEACON)
    shop.visit("/", page=page)
    page.evaluate("hub.consent(false)")
    hub.wait("consent", count=2)
    hub.status, before = 202, len(hub.heard())
    shop.open("/", host="https://lp.loja.example", page=page)
    shop.quiet(page)
    assert [event for event in hub.heard()[before:] if event.get("consent_ads")] == []


def test_a_refusal_said_before_the_script_arrives_stops_what_an_earlier_page_could_not_send(
    shop: Shop, hub: RecordingHub
) -> None:
    hub.status = 503
    page = shop.visit(AD)
    page.evaluate(NO_LAST_BEACON)
    hub.status, before = 202, len(hub.heard())
    shop.publish(head="<script>window.hub = {q: [['consent', false]]}</script>")
    shop.open("/dois", page=page)
    hub.wait("consent")
    shop.quiet(page)
    assert [event["name"] for event in hub.heard()[before:]] == ["consent"]
    assert (values(shop), shop.stored(page)) == (REFUSED, {})


def test_a_refusal_in_one_tab_silences_the_other_at_once(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(BUY)
    one = shop.visit(AD)
    other = shop.visit("/dois")
    other.evaluate("hub.consent(false)")
    hub.wait("consent")
    before = len(hub.heard())
    one.evaluate("hub.track('pageview')")
    one.locator("#buy").click()
    shop.quiet(one)
    assert len(hub.heard()) == before
    assert one.locator("#buy").get_attribute("href") == CHECKOUT


def test_who_consents_after_refusing_starts_anew(shop: Shop, hub: RecordingHub) -> None:
    page = shop.visit(AD)
    page.evaluate("hub.consent(false)")
    hub.wait("consent")
    page.evaluate("hub.consent(true)")
    hub.wait("consent", count=2)
    first, second = hub.wait("click", count=2)
    assert first["click_id"] != second["click_id"]
    assert first["session_id"] != second["session_id"]
    assert second["consent_ads"] is True
    assert hub.wait("pageview", count=2)[1]["click_id"] == second["click_id"]


@pytest.mark.parametrize(
    "stub",
    [
        "window.hub = window.hub || {q: []}; hub.q.push(['consent', false])",
        "window.hub = window.hub || {q: []}; ['consent', 'identify', 'track'].forEach(m => {"
        " hub[m] = function () { hub.q.push([m].concat([].slice.call(arguments))) } }); hub.consent(false)",
    ],
)
def test_a_refusal_said_before_the_script_arrives_is_heard_before_anything_is_sent(
    shop: Shop, hub: RecordingHub, stub: str
) -> None:
    shop.publish(head=f"<script>{stub}</script>")
    page = shop.open(AD)
    shop.quiet(page)
    assert (hub.heard(), values(shop), shop.stored(page)) == ([], REFUSED, {})


def test_calls_made_before_the_script_arrives_are_honoured_in_order(shop: Shop, hub: RecordingHub) -> None:
    calls = "[['identify', {email: 'ana@example.com', phone: 11987654321}], ['consent', true], ['track', 'pageview']]"
    shop.publish(head=f"<script>window.hub = {{q: {calls}}}; window.kept = window.hub</script>")
    page = shop.open(AD)
    hub.wait("consent")
    # Each post has a connection of its own: they arrive in any order.
    [identified] = [event for event in hub.wait("pageview", count=2) if "email" in event]
    assert (identified["email"], identified["phone"]) == ("ana@example.com", "11987654321")
    assert {event["consent_ads"] for event in hub.heard()} == {True}
    assert page.evaluate("kept.id()") == identified["click_id"]
    page.evaluate("hub.q.push(['track', 'initiate_checkout', {checkout_url: 'https://x.example/'}])")
    assert hub.wait("initiate_checkout")[0]["checkout_url"] == "https://x.example/"


def test_events_that_wait_for_consent_are_bounded(shop: Shop, hub: RecordingHub) -> None:
    shop.publish(attributes='data-consent="required"')
    page = shop.open(AD)
    page.evaluate("for (let i = 0; i < 500; i++) hub.track('pageview')")
    page.evaluate("hub.consent(true)")
    hub.wait("consent")
    shop.quiet(page)
    assert len(hub.heard()) == 21
    assert len(hub.heard("click")) == 1
