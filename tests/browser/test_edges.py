"""Where the script meets what it did not make: the hub's limits, earlier pages' leftovers, copied links, optimisers."""

import pytest

from tests.browser.conftest import Shop
from tests.browser.recording_hub import HUB, Event, RecordingHub
from tracking_core.collector.schema import TrackRequest

AD = "/?utm_source=fb&fbclid=AbC"
CHECKOUT = "https://pay.hotmart.com/A1?x=1"
NO_BEACON = "addEventListener('beforeunload', () => { navigator.sendBeacon = () => false })"


def taken_by_the_hub(event: Event) -> TrackRequest:
    """The event as the hub validates it; raises where the hub would answer 400 and lose it."""
    return TrackRequest.model_validate({k: v for k, v in event.items() if k not in ("name", "content_type", "status")})


def test_what_the_hub_would_refuse_as_too_long_is_left_out_and_the_event_still_counts(
    shop: Shop, hub: RecordingHub
) -> None:
    page = shop.visit("/?fbclid=" + "A" * 1100)
    long_email, long_phone = "'a'.repeat(400) + '@example.com'", "'9'.repeat(100)"
    page.evaluate("document.cookie = '_fbp=fb.1.1700000000000.' + '9'.repeat(300) + '; path=/; domain=loja.example'")
    page.evaluate(f"hub.identify({{email: {long_email}, phone: {long_phone}}}); hub.track('pageview')")
    event = taken_by_the_hub(hub.wait("pageview", count=2)[1])
    assert (event.fbclid, event.fbc, event.fbp, event.email, event.phone) == (None, None, None, None, None)
    assert event.click_id == page.evaluate("hub.id()")


def test_a_session_cookie_that_is_not_ours_is_replaced(shop: Shop, hub: RecordingHub) -> None:
    shop.context.add_cookies([{"name": "_hub_s", "value": "a%20b", "url": "https://www.loja.example/"}])
    shop.visit(AD)
    session = taken_by_the_hub(hub.wait("click")[0]).session_id
    assert session is not None
    assert session.startswith("s")


@pytest.mark.parametrize(
    ("head", "attributes", "sent"),
    [("<script>window.hub = {q: [['consent', false]]}</script>", "", ["consent"]), ("", 'data-consent="required"', [])],
)
def test_leftovers_of_an_earlier_page_wait_for_the_answer_too(
    shop: Shop, hub: RecordingHub, head: str, attributes: str, sent: list[str]
) -> None:
    hub.status = 503
    page = shop.visit(AD)
    page.evaluate(NO_BEACON)
    hub.status = 202
    before = len(hub.heard())
    shop.publish(head=head, attributes=attributes)
    shop.open("/dois", page=page)
    shop.quiet(page)
    assert [event["name"] for event in hub.heard()[before:]] == sent


def test_leftovers_go_once_the_awaited_consent_is_there(shop: Shop, hub: RecordingHub) -> None:
    hub.status = 503
    page = shop.visit(AD)
    page.evaluate(NO_BEACON)
    left = {event["event_id"] for event in hub.heard()}
    hub.status = 202
    shop.publish(attributes='data-consent="required"')
    shop.open("/dois", page=page)
    page.evaluate("hub.consent(true)")
    hub.wait("pageview", count=3)
    assert left < {event["event_id"] for event in hub.heard() if event["status"] == 202}


def test_a_copy_of_a_decorated_link_loses_the_click_id_too_when_consent_is_withdrawn(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.publish(f'<a id="buy" href="{CHECKOUT}">Comprar</a>')
    page = shop.visit(AD)
    page.evaluate("document.body.append(document.querySelector('#buy').cloneNode(true)); hub.consent(false)")
    hub.wait("consent")
    assert page.evaluate("[...document.links].map(a => a.getAttribute('href'))") == [CHECKOUT] * 2


def test_pasted_into_another_script_by_an_optimiser_it_finds_the_tag_all_the_same(
    shop: Shop, hub: RecordingHub
) -> None:
    shop.tag = f'<script type="text/plain" src="{HUB}/t.js?key={hub.key}"></script>'
    paste = "const s = document.createElement('script'); s.textContent = t; document.head.append(s)"
    shop.publish(f"<script>fetch('{HUB}/t.js?key=x').then(r => r.text()).then(t => {{ {paste} }})</script>")
    shop.visit(AD)
    assert hub.wait("click")[0]["key"] == hub.key
